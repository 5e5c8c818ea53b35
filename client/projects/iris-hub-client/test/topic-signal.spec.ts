// @vitest-environment jsdom
import './environment';
import { EnvironmentInjector, createEnvironmentInjector, signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { HubConnection, type TopicSignal, topicSignal } from 'iris-hub-client';
import { beforeEach, expect, expectTypeOf, test } from 'vitest';
import { HubTesting, provideHubTesting } from '../testing/src/public-api';

interface WardEvents {
  admitted: { bed: number };
  discharged: { bed: number; home: boolean };
}

let hub: HubTesting;

beforeEach(() => {
  TestBed.resetTestingModule();
  TestBed.configureTestingModule({ providers: [provideHubTesting()] });
  hub = TestBed.inject(HubTesting);
});

test('is the latest event', () => {
  const latest = TestBed.runInInjectionContext(() => topicSignal<WardEvents>('ward'));
  expect(latest()).toBeNull();
  hub.publish('ward', 'admitted', { bed: 4 });
  hub.publish('ward', 'discharged', { bed: 4, home: true });
  const event = latest();
  expect(event).toMatchObject({ name: 'discharged', data: { bed: 4, home: true } });
  if (event?.name === 'discharged') expectTypeOf(event.data).toEqualTypeOf<{ bed: number; home: boolean }>();
  if (event?.name === 'gap') expectTypeOf(event.data).toBeUnknown();
});

test('collects what its events lead to', () => {
  const beds = TestBed.runInInjectionContext(() =>
    topicSignal<WardEvents, number[]>('ward', {
      initial: [],
      reduce: (taken, event) => {
        if (event.name === 'admitted') return [...taken, event.data.bed];
        return event.name === 'gap' ? [] : taken.filter((bed) => bed !== event.data.bed);
      },
    }),
  );
  for (const bed of [4, 7]) hub.publish('ward', 'admitted', { bed });
  hub.publish('ward', 'discharged', { bed: 4, home: true });
  expect(beds()).toEqual([7]);
  hub.publish('ward', 'gap', {});
  expect(beds()).toEqual([]);
});

test('follows the name of its topic, and forgets the former one', () => {
  const name = signal<string | undefined>('ward-1');
  const latest = TestBed.runInInjectionContext(() => topicSignal(name));
  TestBed.tick();
  hub.publish('ward-1', 'admitted', 1);
  expect(latest()?.data).toBe(1);
  name.set('ward-2');
  TestBed.tick();
  expect([hub.topics, latest()]).toEqual([['ward-2'], null]);
  name.set(undefined);
  TestBed.tick();
  expect(hub.topics).toEqual([]);
});

test('tells that the hub refuses it, and tries the next name', () => {
  const name = signal('secret');
  const latest = TestBed.runInInjectionContext(() => topicSignal(name));
  TestBed.tick();
  hub.refuseTopic('secret', { status: 403, title: 'Not for you.' });
  expect([latest(), latest.error()?.problem.title]).toEqual([null, 'Not for you.']);
  name.set('ward');
  TestBed.tick();
  hub.publish('ward', 'admitted', 4);
  expect([latest()?.data, latest.error()]).toEqual([4, null]);
});

test('ends with the injector that it was made with', () => {
  const injector = createEnvironmentInjector([], TestBed.inject(EnvironmentInjector));
  const latest: TopicSignal<unknown> = topicSignal('ward', { injector });
  expect(hub.topics).toEqual(['ward']);
  injector.destroy();
  expect([hub.topics, latest()]).toEqual([[], null]);
});

test('needs an injection context or an injector', () => {
  expect(() => topicSignal('ward')).toThrow('injection context');
});

test('topics of HubConnection have types too', () => {
  const seen: number[] = [];
  TestBed.inject(HubConnection)
    .topic<WardEvents>('ward')
    .subscribe((event) => {
      if (event.name === 'admitted') seen.push(event.data.bed);
    });
  hub.publish('ward', 'admitted', { bed: 4 });
  expect(seen).toEqual([4]);
});
