// @vitest-environment jsdom
import './environment';
import { HttpClient, HttpErrorResponse, provideHttpClient, withInterceptors } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { TestBed } from '@angular/core/testing';
import type { ActivatedRouteSnapshot, CanActivateFn, RouterStateSnapshot } from '@angular/router';
import {
  Emitter,
  type Hub,
  HubError,
  type SessionStatus,
  type TopicEvent,
  type TopicListener,
  UNKNOWN,
} from 'iris-hub-client/core';
import { type Observable, firstValueFrom } from 'rxjs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { HubConnection } from '../src/connection';
import { authenticatedGuard, claimGuard } from '../src/guards';
import { HUB } from '../src/hub';
import { hubInterceptor } from '../src/interceptor';
import { HubSession } from '../src/session';

const USER = { identity: 'i1', subject: 'alice', name: 'Alice', claims: { role: 'doctor' } };

let listener: TopicListener | null;
const hub = {
  session: { status: UNKNOWN, changes: new Emitter<SessionStatus>(), check: vi.fn(), list: vi.fn(), endOther: vi.fn() },
  journal: { entries: [], changes: new Emitter(), export: () => '{}' },
  channelStatus: new Emitter(),
  traffic: new Emitter(),
  trafficNow: { transport: 'http', inFlight: 0, roundTripMs: null, degraded: false },
  login: vi.fn(),
  topic: (_name: string, wanted: TopicListener) => ((listener = wanted), () => (listener = null)),
};

function tell(changes: Partial<SessionStatus>): void {
  hub.session.changes.emit({ ...UNKNOWN, ...changes });
}

function decide(guard: CanActivateFn, url: string): Promise<boolean> {
  const run = (): unknown => guard({} as ActivatedRouteSnapshot, { url } as RouterStateSnapshot);
  const decision = TestBed.runInInjectionContext(run) as Observable<boolean>;
  const answer = firstValueFrom(decision);
  TestBed.tick();
  return answer;
}

beforeEach(() => {
  vi.clearAllMocks();
  listener = null;
  TestBed.resetTestingModule();
  TestBed.configureTestingModule({ providers: [{ provide: HUB, useValue: hub as unknown as Hub }] });
});

describe('HubSession', () => {
  test('says what the hub says', () => {
    const session = TestBed.inject(HubSession);
    expect([session.state(), session.authenticated(), session.user()]).toEqual(['unknown', false, null]);
    tell({ state: 'authenticated', user: USER, idleEndsAt: performance.now() + 60_400 });
    expect([session.authenticated(), session.user()?.name, session.idleExpiresIn()]).toEqual([true, 'Alice', 60]);
    tell({ state: 'anonymous', endReason: 'idle', endDetail: 'You did nothing.' });
    expect([session.authenticated(), session.endReason(), session.endDetail(), session.idleExpiresIn()]).toEqual([
      false,
      'idle',
      'You did nothing.',
      null,
    ]);
  });

  test('staying counts as activity, looking does not', async () => {
    const session = TestBed.inject(HubSession);
    await session.stay();
    await session.check();
    expect(hub.session.check.mock.calls).toEqual([[{ active: true }], [undefined]]);
  });
});

describe('guards', () => {
  test('let in who is logged in', async () => {
    TestBed.inject(HubSession);
    tell({ state: 'authenticated', user: USER });
    expect(await decide(authenticatedGuard, '/ward')).toBe(true);
    expect(hub.login).not.toHaveBeenCalled();
  });

  test('send others to the login, from which they come back to where they wanted to go', async () => {
    TestBed.inject(HubSession);
    const decision = decide(authenticatedGuard, '/ward/7?bed=2#notes');
    tell({ state: 'anonymous' });
    TestBed.tick();
    expect(await decision).toBe(false);
    expect(hub.login).toHaveBeenCalledWith({ returnTo: '/ward/7?bed=2#notes' });
  });

  test('do not wait for ever while the hub does not respond: they ask once more, then the navigation fails', async () => {
    TestBed.inject(HubSession);
    tell({ state: 'unavailable' });
    await expect(decide(authenticatedGuard, '/ward')).rejects.toMatchObject({ problem: { status: 503 } });
    expect(hub.session.check).toHaveBeenCalledOnce();
    hub.session.check.mockImplementationOnce(async () => tell({ state: 'authenticated', user: USER }));
    expect(await decide(authenticatedGuard, '/ward')).toBe(true);
  });

  test('keep out on a server, where nobody is known', async () => {
    TestBed.resetTestingModule();
    TestBed.configureTestingModule({ providers: [{ provide: HUB, useValue: null }] });
    expect(await decide(authenticatedGuard, '/ward')).toBe(false);
    expect(await decide(claimGuard('role', Boolean), '/ward')).toBe(false);
  });

  test('look at claims', async () => {
    TestBed.inject(HubSession);
    tell({ state: 'authenticated', user: USER });
    expect(
      await decide(
        claimGuard('role', (role) => role === 'doctor'),
        '/',
      ),
    ).toBe(true);
    expect(
      await decide(
        claimGuard('role', (role) => role === 'nurse'),
        '/',
      ),
    ).toBe(false);
  });
});

describe('HubConnection', () => {
  test('a topic is an Observable: subscribing, events, refusal, leaving', () => {
    const events: TopicEvent[] = [];
    const errors: HubError[] = [];
    const topic = TestBed.inject(HubConnection).topic('ward');
    expect(listener).toBeNull();
    const subscription = topic.subscribe({ next: (event) => events.push(event), error: (error: HubError) => errors.push(error) });
    listener!.event({ name: 'admitted', data: 4 });
    subscription.unsubscribe();
    expect(listener).toBeNull();
    topic.subscribe({ error: (error: HubError) => errors.push(error) });
    listener!.refused(HubError.of('not-found', 'There is no such topic.', 'never', 404));
    expect(events).toEqual([{ name: 'admitted', data: 4 }]);
    expect(errors).toMatchObject([{ problem: { status: 404 } }]);
  });

  test('counts what is under way', () => {
    const connection = TestBed.inject(HubConnection);
    hub.traffic.emit({ transport: 'channel', inFlight: 3, roundTripMs: 7, degraded: false });
    expect([connection.transport(), connection.inFlight(), connection.roundTrip()]).toEqual(['channel', 3, 7]);
  });
});

describe('the interceptor of applications without the channel', () => {
  beforeEach(() => {
    TestBed.resetTestingModule();
    TestBed.configureTestingModule({
      providers: [provideHttpClient(withInterceptors([hubInterceptor])), provideHttpClientTesting()],
    });
  });

  test('proves where a request comes from, to its own origin alone', () => {
    const http = TestBed.inject(HttpClient);
    const controller = TestBed.inject(HttpTestingController);
    http.get('/api/a').subscribe();
    http.get('https://other.example/a').subscribe();
    expect(controller.expectOne('/api/a').request.headers.get('X-Hub-CSRF')).toBe('1');
    expect(controller.expectOne('https://other.example/a').request.headers.keys()).toEqual([]);
  });

  test('hands on what is no matter of the login', async () => {
    const answer = firstValueFrom(TestBed.inject(HttpClient).get('/api/a'));
    TestBed.inject(HttpTestingController).expectOne('/api/a').flush({ errors: [] }, { status: 401, statusText: '' });
    await expect(answer).rejects.toBeInstanceOf(HttpErrorResponse);
  });
});
