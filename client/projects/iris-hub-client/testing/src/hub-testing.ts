import { Injectable, InjectionToken, NgZone, inject } from '@angular/core';
import {
  type ChannelState,
  HubError,
  type HubUser,
  type Problem,
  type SessionEntry,
  type SessionStatus,
  type Transport,
  UNKNOWN,
} from 'iris-hub-client/core';
import { FakeHub, type HubCall } from './fake-hub';

export interface HubTestingOptions {
  /** Who is logged in at the start; null (the default): nobody. */
  user?: Partial<HubUser> | null;
}

export const HUB_TESTING_OPTIONS = new InjectionToken<HubTestingOptions>('HUB_TESTING_OPTIONS', { factory: () => ({}) });

/** What `HubSession` says. Without `state` it follows from `user`. */
export interface FakeSession extends Partial<
  Pick<SessionStatus, 'state' | 'endReason' | 'endDetail' | 'expiring' | 'refreshes' | 'identityChanged'>
> {
  user?: Partial<HubUser> | null;
  /** Seconds from now. */
  idleExpiresIn?: number;
  absoluteExpiresIn?: number;
  tokenExpiresIn?: number;
}

/** What `HubConnection` says. What is left out stays as it is. */
export interface FakeConnection {
  state?: ChannelState;
  transport?: Transport;
  /** Milliseconds. */
  roundTrip?: number | null;
  retryInMs?: number | null;
  inFlight?: number;
  degraded?: boolean;
}

const SOMEBODY: HubUser = { identity: 'test-identity', subject: 'test-subject', name: 'Test User', claims: {} };

/** The hub of a unit test: says what the application is told, and what the application has asked for. */
@Injectable({ providedIn: 'root' })
export class HubTesting {
  /** The client that the application gets as `HUB`. */
  readonly hub = new FakeHub();
  private readonly zone = inject(NgZone);
  private channel: Pick<FakeConnection, 'state' | 'retryInMs'> = {};

  constructor() {
    this.setSession(inject(HUB_TESTING_OPTIONS));
  }

  /** What the application has asked for, oldest first: logins, logouts, checks of the session. */
  get calls(): readonly HubCall[] {
    return this.hub.calls;
  }

  /** The topics to which somebody listens now. */
  get topics(): readonly string[] {
    return [...this.hub.listeners.keys()];
  }

  /** Log a user in. */
  logIn(user: Partial<HubUser> = {}): void {
    this.setSession({ user });
  }

  /** End the session, for a reason of docs/http-api.md and with a sentence for the user. */
  endSession(endReason = 'logout', endDetail: string | null = null): void {
    this.setSession({ endReason, endDetail });
  }

  /** Set all that `HubSession` says. */
  setSession({ user, idleExpiresIn, absoluteExpiresIn, tokenExpiresIn, ...rest }: FakeSession): void {
    const { session } = this.hub;
    session.status = {
      ...UNKNOWN,
      state: user ? 'authenticated' : 'anonymous',
      ...rest,
      user: user ? { ...SOMEBODY, ...user } : null,
      idleEndsAt: at(idleExpiresIn),
      absoluteEndsAt: at(absoluteExpiresIn),
      tokenEndsAt: at(tokenExpiresIn),
    };
    this.zone.run(() => session.changes.emit(session.status));
  }

  /** Set what `HubSession.sessions()` returns. */
  setSessions(entries: SessionEntry[]): void {
    this.hub.sessions.entries = entries;
  }

  /** Change what `HubConnection` says. */
  setConnection({ state, retryInMs, roundTrip, ...traffic }: FakeConnection): void {
    const { hub } = this;
    this.channel = { ...this.channel, ...given({ state, retryInMs }) };
    hub.trafficNow = { ...hub.trafficNow, ...given({ ...traffic, roundTripMs: roundTrip }) };
    this.zone.run(() => {
      hub.channelStatus.emit({ state: 'closed', retryInMs: null, ...this.channel, code: null, reason: '', next: null });
      hub.traffic.emit(hub.trafficNow);
    });
  }

  /** Publish an event of a topic. Throws Error if nobody listens: the test would prove nothing. */
  publish(topic: string, name: string, data?: unknown): void {
    for (const listener of this.listeners(topic)) this.zone.run(() => listener.event({ name, data }));
  }

  /** Refuse a topic, as for a user who may not subscribe to it. Throws Error if nobody listens. */
  refuseTopic(topic: string, problem: Problem = { status: 404, title: 'There is no such topic.' }): void {
    const error = new HubError(problem, 'never');
    for (const listener of this.listeners(topic)) this.zone.run(() => listener.refused(error));
  }

  private listeners(topic: string) {
    const listeners = this.hub.listeners.get(topic);
    if (listeners === undefined) throw new Error(`Nobody listens to the topic "${topic}".`);
    return [...listeners];
  }
}

/** Return the time of the performance clock in so many seconds. */
function at(seconds: number | undefined): number | null {
  return seconds === undefined ? null : performance.now() + seconds * 1000;
}

/** Leave out what is undefined. */
function given<T extends object>(changes: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as never;
}
