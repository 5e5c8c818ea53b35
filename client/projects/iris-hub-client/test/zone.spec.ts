// @vitest-environment jsdom
import 'zone.js';
import './environment';
import { HttpClient, HttpContext, provideHttpClient } from '@angular/common/http';
import { NgZone, provideZoneChangeDetection } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { READY } from '../testing/fake-world';
import { HubConnection } from '../src/connection';
import { HUB_MODE } from '../src/context';
import { HUB } from '../src/hub';
import { provideHub } from '../src/provide-hub';
import { HubSession } from '../src/session';

const SESSION = {
  ...{ authenticated: true, identity: 'i1', subject: 'alice', name: 'Alice', claims: {} },
  ...{ idle_expires_in: 900, absolute_expires_in: 43_200, warning_in: 840, token_expires_in: 60 },
};

/** A hub that accepts every channel. */
class Socket {
  static made = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor() {
    Socket.made++;
    queueMicrotask(() => this.onopen?.());
  }

  send(data: string): void {
    if (data.includes('"hello"')) queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(READY) }));
  }

  close(): void {}
}

beforeEach(() => {
  TestBed.resetTestingModule();
  vi.stubGlobal('WebSocket', Socket);
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(SESSION)));
  TestBed.configureTestingModule({ providers: [provideZoneChangeDetection(), provideHttpClient(), provideHub()] });
});

afterEach(() => vi.unstubAllGlobals());

describe('an application with zone.js', () => {
  test('becomes stable with an open channel, and while it counts down', async () => {
    const zone = TestBed.inject(NgZone);
    await zone.run(async () => {
      const [session, connection] = [TestBed.inject(HubSession), TestBed.inject(HubConnection)];
      TestBed.inject(HUB);
      await vi.waitFor(() => expect([session.state(), connection.state()]).toEqual(['authenticated', 'open']));
      await session.stay();
    });
    expect(Socket.made).toBe(1);
    await vi.waitFor(() => expect([zone.hasPendingMacrotasks, zone.isStable]).toEqual([false, true]));
  });

  test('hears of its responses inside of its zone', async () => {
    const zone = TestBed.inject(NgZone);
    const heard: boolean[] = [];
    const listen = (): number => heard.push(NgZone.isInAngularZone());
    const request = TestBed.inject(HttpClient).get('/api/a', {
      context: new HttpContext().set(HUB_MODE, 'http'),
      observe: 'events',
    });
    zone.run(() => request.subscribe({ next: listen, complete: listen }));
    await vi.waitFor(() => expect(heard).toEqual([true, true, true])); // Sent, the response, the end
  });
});
