// @vitest-environment jsdom
import './environment';
import { HttpClient, provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { Component, inject, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { type ComponentFixture, TestBed } from '@angular/core/testing';
import { HubConnection, HubSession, provideHub } from 'iris-hub-client';
import { HubError } from 'iris-hub-client/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HubTesting, type HubTestingOptions, provideHubTesting } from '../testing/src/public-api';

@Component({
  template: `
    @if (session.user(); as user) {
      <p>{{ user.name }}: {{ user.claims['role'] }}, {{ connection.state() }}, {{ news() }}</p>
      <button (click)="session.logout({ everywhere: true })">Log out</button>
    } @else {
      <p>{{ session.state() }}: {{ session.endDetail() }}</p>
      <button (click)="session.login()">Log in</button>
    }
  `,
})
class Ward {
  protected readonly session = inject(HubSession);
  protected readonly connection = inject(HubConnection);
  protected readonly news = signal('no news');

  constructor() {
    const refused = (error: HubError): void => this.news.set(error.message);
    this.connection
      .topic('ward')
      .pipe(takeUntilDestroyed())
      .subscribe({ next: ({ name, data }) => this.news.set(`${name} ${data}`), error: refused });
  }
}

const fetched = vi.fn();

function shown(options: HubTestingOptions = {}): { fixture: ComponentFixture<Ward>; hub: HubTesting; text: () => string } {
  const providers = [provideHttpClient(), provideHub(), provideHttpClientTesting(), provideHubTesting(options)];
  TestBed.configureTestingModule({ providers });
  const fixture = TestBed.createComponent(Ward);
  const text = (): string => {
    fixture.detectChanges();
    return fixture.nativeElement.querySelector('p').textContent;
  };
  return { fixture, hub: TestBed.inject(HubTesting), text };
}

beforeEach(() => {
  TestBed.resetTestingModule();
  fetched.mockReset();
  vi.stubGlobal('fetch', fetched);
});

afterEach(() => {
  TestBed.inject(HttpTestingController).verify();
  vi.unstubAllGlobals();
  expect(fetched).not.toHaveBeenCalled();
});

describe('a component with provideHubTesting', () => {
  test('is shown to nobody, to a user, and after the end of the session', () => {
    const { hub, text } = shown();
    expect(text()).toBe('anonymous: ');
    hub.logIn({ name: 'Alice', claims: { role: 'doctor' } });
    expect(text()).toBe('Alice: doctor, closed, no news');
    hub.endSession('idle', 'You did nothing for 15 minutes.');
    expect(text()).toBe('anonymous: You did nothing for 15 minutes.');
    expect(TestBed.inject(HubSession).endReason()).toBe('idle');
  });

  test('starts with the user that the test names', () => {
    const { text } = shown({ user: { name: 'Bob', claims: { role: 'nurse' } } });
    expect(text()).toBe('Bob: nurse, closed, no news');
  });

  test('sees times, warnings and states that the test sets', () => {
    const { hub } = shown();
    const session = TestBed.inject(HubSession);
    hub.setSession({ user: {}, idleExpiresIn: 60, absoluteExpiresIn: 3600, expiring: 'idle' });
    expect([session.idleExpiresIn(), session.absoluteExpiresIn(), session.tokenExpiresIn()]).toEqual([60, 3600, null]);
    expect([session.state(), session.expiring()]).toEqual(['authenticated', 'idle']);
    hub.setSession({ state: 'unavailable' });
    expect([session.state(), session.expiring()]).toEqual(['unavailable', null]);
  });

  test('gets events of its topics, and their refusal', () => {
    const { fixture, hub, text } = shown({ user: { name: 'Alice' } });
    expect(hub.topics).toEqual(['ward']);
    hub.publish('ward', 'admitted', 4);
    expect(text()).toContain('admitted 4');
    expect(() => hub.publish('kitchen', 'cooked')).toThrow('Nobody listens to the topic "kitchen".');
    hub.refuseTopic('ward');
    expect(text()).toContain('There is no such topic.');
    fixture.destroy();
    expect(hub.topics).toEqual([]);
  });

  test('sees a connection that breaks, and keeps what the test does not change', () => {
    const { hub, text } = shown({ user: {} });
    hub.setConnection({ state: 'open', roundTrip: 7 });
    expect(text()).toContain(', open,');
    hub.setConnection({ state: 'waiting', transport: 'http', retryInMs: 2000 });
    const connection = TestBed.inject(HubConnection);
    expect([connection.state(), connection.transport(), connection.retryInMs(), connection.roundTrip()]).toEqual([
      'waiting',
      'http',
      2000,
      7,
    ]);
  });

  test('tells what it asked for', () => {
    const { fixture, hub, text } = shown();
    text();
    fixture.nativeElement.querySelector('button').click();
    hub.logIn();
    text();
    fixture.nativeElement.querySelector('button').click();
    expect(hub.calls).toEqual([
      { name: 'login', argument: undefined },
      { name: 'logout', argument: { everywhere: true } },
    ]);
  });

  test('lists and ends sessions', async () => {
    const { hub } = shown({ user: {} });
    const session = TestBed.inject(HubSession);
    hub.setSessions([{ handle: 'a' }, { handle: 'b' }] as Awaited<ReturnType<HubSession['sessions']>>);
    await session.endSession('a');
    expect(await session.sessions()).toEqual([{ handle: 'b' }]);
  });

  test('sends requests to HttpTestingController', () => {
    shown();
    const received: unknown[] = [];
    TestBed.inject(HttpClient)
      .get('/api/patients')
      .subscribe((body) => received.push(body));
    TestBed.inject(HttpTestingController).expectOne('/api/patients').flush({ items: [] });
    expect(received).toEqual([{ items: [] }]);
  });
});
