import {
  type ChannelStatus,
  Emitter,
  type Hub,
  HubError,
  type SessionEntry,
  type TopicListener,
  UNKNOWN,
} from 'iris-hub-client/core';

type Public<T> = { [Member in keyof T]: T[Member] };

/** Something that the application asked of the hub. */
export interface HubCall {
  name: 'login' | 'loginInPlace' | 'stepUp' | 'logout' | 'check' | 'endSession' | 'reconnect';
  /** What the application passed. */
  argument: unknown;
}

/** Has all that the application sees of a hub, and sends nothing. */
export class FakeHub implements Public<Hub> {
  readonly calls: HubCall[] = [];
  readonly listeners = new Map<string, Set<TopicListener>>();
  readonly routes = [];
  readonly channelStatus = new Emitter<ChannelStatus>();
  readonly traffic: Hub['traffic'] = new Emitter();
  readonly sessions = new FakeSession((call) => this.calls.push(call));
  readonly session = this.sessions as Public<Hub['session']> as Hub['session'];
  readonly journal = new FakeJournal() as Hub['journal'];
  trafficNow: Hub['trafficNow'] = { transport: 'channel', inFlight: 0, roundTripMs: null, degraded: false };

  async start(): Promise<void> {}
  stop(): void {}

  /** Requests are those of `HttpTestingController`. */
  serves(): boolean {
    return false;
  }

  async send(): Promise<never> {
    throw HubError.of(
      'testing',
      'provideHubTesting() sends nothing. Answer requests of HttpClient by HttpTestingController.',
      'never',
    );
  }

  fetch(): Promise<never> {
    return this.send();
  }

  topic(name: string, listener: TopicListener): () => void {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(name);
    };
  }

  reconnect(): void {
    this.note('reconnect');
  }

  login(options?: unknown): void {
    this.note('login', options);
  }

  async loginInPlace(options?: unknown): Promise<void> {
    this.note('loginInPlace', options);
  }

  stepUp(problem: unknown): void {
    this.note('stepUp', problem);
  }

  async logout(options?: unknown): Promise<void> {
    this.note('logout', options);
  }

  private note(name: HubCall['name'], argument?: unknown): void {
    this.calls.push({ name, argument });
  }
}

class FakeSession implements Public<Hub['session']> {
  readonly changes: Hub['session']['changes'] = new Emitter();
  status = UNKNOWN;
  entries: SessionEntry[] = [];

  constructor(private readonly note: (call: HubCall) => void) {}

  get identity(): string {
    return this.status.user?.identity ?? '';
  }

  async check(options?: { active?: boolean }): Promise<void> {
    this.note({ name: 'check', argument: options });
  }

  async list(): Promise<SessionEntry[]> {
    return this.entries;
  }

  async endOther(handle: string): Promise<void> {
    this.note({ name: 'endSession', argument: handle });
    this.entries = this.entries.filter((entry) => entry.handle !== handle);
  }

  async logOut(): Promise<string> {
    return '/';
  }

  take(): void {}
  end(): void {}
}

class FakeJournal implements Public<Hub['journal']> {
  readonly changes: Hub['journal']['changes'] = new Emitter();
  readonly entries = [];

  add(): void {}
  call(): void {}
  clear(): void {}

  export(): string {
    return '{}';
  }
}
