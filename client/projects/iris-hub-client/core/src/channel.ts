import { delayAfter } from './backoff';
import type { Call } from './call';
import { type AfterClose, afterClose } from './close-codes';
import { Emitter } from './emitter';
import { type Greeting, Line } from './line';
import { type TopicListener, Topics } from './topics';
import type { EventMessage, ReadyMessage } from './wire';
import type { Timer, World } from './world';

/**
 * `closed`; `connecting`; `open`; `waiting` (it will dial again); `refused` (it will not, or not soon: use HTTP);
 * `ended` (there is no session: log in).
 */
export type ChannelState = 'closed' | 'connecting' | 'open' | 'waiting' | 'refused' | 'ended';

export interface ChannelStatus {
  state: ChannelState;
  /** Of the close that led here. */
  code: number | null;
  reason: string;
  next: AfterClose | null;
  retryInMs: number | null;
}

export type Trigger = 'dial' | 'ready' | AfterClose | 'close';

const END = {
  lost: 'waiting',
  stop: 'closed',
  ended: 'ended',
  reload: 'refused',
  refused: 'refused',
  http: 'refused',
  close: 'closed',
} as const;

/** The state machine: what happens in a state leads to another; what is not listed changes nothing. */
export const TRANSITIONS: Record<ChannelState, Partial<Record<Trigger | 'lost', ChannelState>>> = {
  closed: { dial: 'connecting' },
  connecting: { ready: 'open', ...END },
  open: END,
  waiting: { dial: 'connecting', close: 'closed' },
  refused: { dial: 'connecting', close: 'closed' },
  ended: { dial: 'connecting', close: 'closed' },
};

const PATIENCE_MS = 3000; // how long calls wait for a connection before they take another way
const STABLE_MS = 10_000; // a connection that lived this long is no failure when it ends
const PROBE_MS = 60_000; // after `http`: how long until the channel is tried again

/** Keeps a connection to the hub, over as many sockets as that takes. */
export class Channel {
  readonly status = new Emitter<ChannelStatus>();
  readonly events = new Emitter<EventMessage>();
  readonly ready = new Emitter<ReadyMessage>();
  readonly roundTrips = new Emitter<number>();
  /** Whether there is no connection, nor soon will be: others carry calls and events meanwhile. */
  readonly absence = new Emitter<boolean>();
  readonly topics = new Topics();
  state: ChannelState = 'closed';
  private line: Line | null = null;
  private successor: Line | null = null;
  private readonly retiring = new Set<Line>();
  private waiting: Call[] = [];
  private wasEverReady = false;
  private readyAt: number | null = null;
  private failures = 0;
  private redialTimer: Timer | undefined;
  private patience: Timer | undefined;
  private isAbsent = false;

  /**
   * @param url Of the channel, with the scheme ws or wss.
   * @param greeting What to say in `hello`, asked for at each dial.
   * @param onStranded Takes calls for which there is no connection, nor soon will be, and those that exceed its limits.
   */
  constructor(
    private readonly url: string,
    private readonly greeting: () => Greeting,
    private readonly world: World,
    private readonly onStranded: (calls: Call[]) => void,
  ) {}

  /** Dial, unless that is done already. */
  open(): void {
    if (this.state === 'open' || this.state === 'connecting') return;
    this.world.clearTimeout(this.redialTimer);
    this.move('dial');
    this.line = this.dial();
    this.beginPatience();
  }

  /** Hang up and do not dial again. Calls under way fail. */
  close(): void {
    this.world.clearTimeout(this.redialTimer);
    const lines = [this.line, this.successor, ...this.retiring];
    this.line = this.successor = null;
    this.wasEverReady = false;
    this.topics.moveTo(null);
    this.move('close');
    for (const line of lines) line?.leave();
    this.strand();
    this.beAbsent(false);
  }

  /** Send a call as soon as there is a connection, or hand it back. */
  submit(call: Call): void {
    this.watch(call);
    if (this.state === 'open' && this.line !== null) this.start(this.line, call);
    else if (this.state === 'connecting' || (this.state === 'waiting' && this.patience !== undefined)) this.waiting.push(call);
    else this.onStranded([call]);
  }

  /** Keep a call that no other way has carried either, until there is a connection or the next attempt has failed. */
  park(call: Call): void {
    this.watch(call);
    if (this.state === 'open' && this.line !== null) this.start(this.line, call);
    else this.waiting.push(call);
  }

  topic(name: string, listener: TopicListener): () => void {
    return this.topics.add(name, listener);
  }

  /** Open another connection, with the cookie as it is now, and move over to it. */
  redial(): void {
    if (this.state === 'open' && this.successor === null) this.successor = this.dial();
  }

  /** Measure the round trip now. */
  ping(): void {
    if (this.state === 'open') this.line?.connection.ping();
  }

  private start(line: Line, call: Call): void {
    if (line.connection.start(call)) return;
    call.isForHttp = true;
    this.onStranded([call]);
  }

  private watch(call: Call): void {
    call.signal.addEventListener('abort', () => this.cancel(call), { once: true });
  }

  private cancel(call: Call): void {
    this.waiting = this.waiting.filter((each) => each !== call);
    this.line?.connection.cancel(call);
    for (const line of this.retiring) line.connection.cancel(call);
  }

  private dial(): Line {
    const pending = (): Call[] | null => (this.wasEverReady && this.state !== 'open' ? this.resumable() : null);
    return new Line(this.url, this.greeting, pending, this.world, {
      ready: (line, message, again) => this.onReady(line, message, again),
      event: (line, message) => this.onEvent(line, message),
      goingAway: (line, withinMs) => this.onGoingAway(line, withinMs),
      roundTrip: (ms) => this.roundTrips.emit(ms),
      closed: (line, code, reason, left) => this.onClosed(line, code, reason, left),
    });
  }

  private onReady(line: Line, message: ReadyMessage, again: Call[]): void {
    const former = this.line;
    if (line === this.successor) {
      this.successor = null;
      this.line = line;
      if (former !== null) this.retire(former);
    }
    this.endPatience();
    this.wasEverReady = true;
    this.readyAt = this.world.now();
    this.move('ready');
    const calls = [
      ...again,
      ...this.waiting.filter((call) => !line.connection.calls.includes(call) && !call.isDone && !again.includes(call)),
    ];
    this.waiting = [];
    for (const call of calls) this.start(line, call);
    this.topics.moveTo(line.connection);
    this.beAbsent(false);
    this.ready.emit(message);
  }

  private onEvent(line: Line, message: EventMessage): void {
    if (line !== this.line) return; // its successor says the same
    this.topics.take(message);
    this.events.emit(message);
  }

  /** Make before break: another connection first, then this one finishes what it has. */
  private onGoingAway(line: Line, withinMs: number): void {
    if (line !== this.line || this.successor !== null) return;
    this.world.setTimeout(() => line === this.line && this.redial(), (this.world.random() * withinMs) / 2);
  }

  /** Let a line finish its calls, then say bye. */
  private retire(line: Line): void {
    this.retiring.add(line);
    const look = (): void => {
      if (!this.retiring.has(line)) return;
      if (line.connection.calls.length === 0) {
        this.retiring.delete(line);
        line.leave();
      } else {
        this.world.setTimeout(look, 100);
      }
    };
    look();
  }

  private onClosed(line: Line, code: number, reason: string, left: Call[]): void {
    const calls = left.filter((call) => this.mayGoOn(call));
    this.retiring.delete(line);
    if (line !== this.line) {
      if (line === this.successor) this.successor = null;
      this.onStranded(calls); // rare: the hub answers by their keys over any way
      return;
    }
    const successor = this.successor;
    this.line = this.successor = null;
    this.waiting.push(...calls);
    this.topics.leave(line.connection);
    if (successor === null || afterClose(code) !== 'dial') {
      successor?.leave();
      return this.afterwards(code, reason);
    }
    this.line = successor;
    this.move('lost', { code, reason });
    this.move('dial'); // its successor is on its way already
    this.beginPatience();
  }

  private afterwards(code: number, reason: string): void {
    const wasStable = this.readyAt !== null && this.world.now() - this.readyAt > STABLE_MS;
    this.failures = wasStable ? 1 : this.failures + 1;
    this.readyAt = null;
    const next = afterClose(code);
    if (next === 'dial') {
      const retryInMs = delayAfter(this.failures, this.world.random);
      this.redialTimer = this.world.setTimeout(() => this.open(), retryInMs);
      this.move('lost', { code, reason, next, retryInMs });
      if (this.wasEverReady && this.failures === 1) this.beginPatience();
      else if (!this.wasEverReady || this.patience === undefined) this.giveBack();
      return;
    }
    if (next === 'http') this.redialTimer = this.world.setTimeout(() => this.open(), PROBE_MS);
    this.wasEverReady = false;
    this.move(next, { code, reason, next, retryInMs: next === 'http' ? PROBE_MS : null });
    this.giveBack();
  }

  /** Tell whether a call may be sent again; one about which nobody will know any more fails. */
  private mayGoOn(call: Call): boolean {
    if (call.isDone) return false;
    if (!call.isRepeatable) call.lose();
    return !call.isDone;
  }

  private resumable(): Call[] {
    return this.waiting.filter((call) => call.wasSent && call.key !== null);
  }

  private beginPatience(): void {
    this.patience ??= this.world.setTimeout(() => {
      this.patience = undefined;
      if (this.state !== 'open') this.giveBack();
    }, PATIENCE_MS);
  }

  /** There is no connection, nor soon will be. */
  private giveBack(): void {
    this.endPatience();
    this.strand();
    this.beAbsent(this.state !== 'ended');
  }

  private beAbsent(isAbsent: boolean): void {
    if (isAbsent === this.isAbsent) return;
    this.isAbsent = isAbsent;
    this.absence.emit(isAbsent);
  }

  private endPatience(): void {
    this.world.clearTimeout(this.patience);
    this.patience = undefined;
  }

  private strand(): void {
    const calls = this.waiting.filter((call) => !call.isDone);
    this.waiting = [];
    if (calls.length > 0) this.onStranded(calls);
  }

  private move(trigger: Trigger | 'lost', more: Partial<ChannelStatus> = {}): void {
    const state = TRANSITIONS[this.state][trigger];
    if (state === undefined) return;
    this.state = state;
    this.status.emit({ state, code: null, reason: '', next: null, retryInMs: null, ...more });
  }
}
