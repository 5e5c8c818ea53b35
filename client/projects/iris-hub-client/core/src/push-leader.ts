import { delayAfter } from './backoff';
import { afterClose } from './close-codes';
import { EventStream } from './event-stream';
import type { Greeting } from './line';
import { type LeaderPushMessage, type Position, type PushMessage, SILENCE_MS, type WantedTopic, isLater } from './push-messages';
import type { Bus } from './tabs';
import type { ClientMessage, EventMessage, Problem, ServerMessage } from './wire';
import type { Timer, World } from './world';

const SETTLE_MS = 50; // tabs say at the same time what they want: one request for all
const POLL_MS = 5000;
const LATER_MS = 60_000; // after a refusal that another attempt would not change
const UNREACHABLE = 503; // the store did not answer: worth another try

/** A request to the hub, and the position from which it asked for each topic; their IDs count from 1. */
interface PushRequest {
  stream: EventStream;
  from: Map<string, Position | undefined>;
  topics: string[];
}

/**
 * Listens to the hub for all tabs of a browser that have no channel, on one event stream, or by polls.
 *
 * Each request names all topics with their positions, so requests may follow each other at any time, to any node: nothing is lost.
 * If a tab wants a topic from an earlier position than the others have reached, all of them get its events from there on, and each
 * leaves out what it had.
 */
export class PushLeader {
  private readonly id: string;
  private readonly tabs = new Map<string, { heardAt: number; topics: WantedTopic[] }>();
  /** Where each topic stands. Until the hub has confirmed the subscription, no tab may rely on it. */
  private readonly reached = new Map<string, { position: Position | undefined; isConfirmed: boolean }>();
  private current: PushRequest | null = null;
  private successor: PushRequest | null = null;
  private timer: Timer | undefined;
  private failures = 0;
  private pausesUntil = 0;
  private wasBroken = true;
  private isOver = false;

  /**
   * @param polls Whether to poll from the beginning, and not only when streams do not get through.
   * @param mayRest Tells whether nobody looks, so that a poll may be left out.
   */
  constructor(
    private readonly bus: Bus<PushMessage>,
    private readonly greeting: () => Greeting,
    private readonly world: World,
    private polls: boolean,
    private readonly mayRest: () => boolean,
  ) {
    this.id = world.newKey();
    bus.onmessage = ({ data }) => data.kind === 'wanted' && this.onWanted(data.tab, data.topics);
    this.tell({ kind: 'leading' });
    this.connectIn(SETTLE_MS);
  }

  stop(): void {
    this.isOver = true;
    this.world.clearTimeout(this.timer);
    this.current?.stream.abort();
    this.successor?.stream.abort();
    this.bus.close();
  }

  private tell(message: LeaderPushMessage): void {
    if (!this.isOver) this.bus.postMessage({ ...message, leader: this.id });
  }

  private tellAlive(isDoubtful = false): void {
    this.tell({ kind: 'alive', isOpen: !this.wasBroken, isDoubtful });
  }

  // -- from the tabs

  private onWanted(tab: string, topics: WantedTopic[] | null): void {
    const isKnown = this.tabs.delete(tab);
    if (topics === null) return;
    this.tabs.set(tab, { heardAt: this.world.now(), topics });
    if (!isKnown) this.tellAlive();
    for (const [topic, after, isNew] of topics) if (isNew || !this.reached.has(topic)) this.onNewTopic(topic, after);
  }

  private onNewTopic(topic: string, after: Position | undefined): void {
    const { position, isConfirmed } = this.reached.get(topic) ?? {};
    if (isConfirmed && reachesBackTo(position, after))
      return this.tell({ kind: 'subscribed', topic, after: position as Position });
    const last = this.successor ?? this.current;
    const isOnItsWay = last?.from.has(topic) && (last !== this.current || !isConfirmed);
    if (!isOnItsWay || !reachesBackTo(last?.from.get(topic), after)) this.connectIn(SETTLE_MS);
  }

  // -- the requests

  private connectIn(ms: number): void {
    this.world.clearTimeout(this.timer);
    const pauseMs = Math.max(ms, this.pausesUntil - this.world.now());
    if (!this.isOver) this.timer = this.world.setTimeout(() => this.connect(), pauseMs);
  }

  private connect(): void {
    if (this.polls && this.mayRest()) return this.connectIn(POLL_MS);
    this.successor?.stream.abort();
    const from = this.wanted();
    const topics = [...from.keys()];
    const opening: ClientMessage[] = topics.map((topic, at) => ({
      type: 'subscribe',
      id: at + 1,
      topic,
      after: from.get(topic),
    }));
    const stream = new EventStream([{ type: 'hello', ...this.greeting() }, ...opening], this.polls, this.world, {
      message: (sender, message) => this.take(sender, message),
      closed: (sender) => this.onClosed(sender),
    });
    this.successor = { stream, from, topics };
  }

  /** The topics of all tabs, each with the position behind which somebody needs its events. */
  private wanted(): Map<string, Position | undefined> {
    const found = new Map<string, Position | undefined>();
    for (const [tab, { heardAt, topics }] of this.tabs) {
      if (this.world.now() - heardAt > SILENCE_MS) this.tabs.delete(tab);
      else
        for (const [topic, after, isNew] of topics) {
          const { position } = this.reached.get(topic) ?? {};
          found.set(topic, earliest(found.get(topic) ?? position, isNew || position === undefined ? after : undefined));
        }
    }
    for (const topic of this.reached.keys()) if (!found.has(topic)) this.reached.delete(topic);
    return found;
  }

  // -- from the hub

  private take(stream: EventStream, message: ServerMessage): void {
    if (message.type === 'ready' && stream === this.successor?.stream) this.onReady(this.successor);
    if (stream !== this.current?.stream) return; // its successor is there
    if (message.type === 'response') this.onSubscribed(this.current.topics[message.id - 1], message.body as { after: Position });
    else if (message.type === 'error') this.onRefused(this.current, this.current.topics[message.id - 1], message.problem);
    else if (message.type === 'event') this.onEvent(message);
    else if (message.type === 'ping') this.tellAlive();
  }

  /** Make before break: the former stream is left when the next one is there. */
  private onReady(request: PushRequest): void {
    this.current?.stream.abort();
    this.current = request;
    this.successor = null;
    this.failures = 0;
    for (const [topic, position] of request.from) this.reached.set(topic, { position, isConfirmed: false });
    const { wasBroken } = this;
    this.wasBroken = false;
    this.tellAlive(wasBroken);
  }

  private onSubscribed(topic: string, { after }: { after: Position }): void {
    this.reached.set(topic, { position: after, isConfirmed: true });
    this.tell({ kind: 'subscribed', topic, after });
  }

  private onRefused(request: PushRequest, topic: string, problem: Problem): void {
    if (problem.status === UNREACHABLE) return this.connectIn(POLL_MS);
    this.reached.delete(topic);
    request.from.delete(topic);
    for (const tab of this.tabs.values()) tab.topics = tab.topics.filter(([name]) => name !== topic);
    this.tell({ kind: 'refused', topic, problem });
  }

  private onEvent(event: EventMessage): void {
    const reached = this.reached.get(event.topic);
    if (reached !== undefined && event.id !== undefined) reached.position = event.id;
    this.tell({ kind: 'event', event });
    if (event.topic === 'session' && event.name === 'changed') this.connectIn(0); // with the new cookie
  }

  private onClosed(stream: EventStream): void {
    if (stream === this.successor?.stream) this.successor = null;
    else if (stream === this.current?.stream) this.current = null;
    else return;
    if (this.successor !== null) return; // it is on its way
    if (stream.isPoll && stream.status === 200) return this.connectIn(POLL_MS);
    this.failures += 1;
    if (this.current === null) this.wasBroken = true;
    this.pausesUntil = this.world.now() + this.pauseAfter(stream) + delayAfter(this.failures, this.world.random);
    this.connectIn(0);
  }

  /** Tell the tabs, and return how long to wait at least. */
  private pauseAfter({ code, status, isHeldBack }: EventStream): number {
    const next = afterClose(code);
    if (isHeldBack || next === 'http') this.polls = true;
    const hasEnded = status === 401 || next === 'ended'; // another tab may log in at this moment
    const isRefused = next === 'refused' || next === 'reload' || (status >= 400 && status < 500 && status !== 429);
    this.tellAlive(hasEnded || isRefused);
    return isRefused && !hasEnded ? LATER_MS : 0;
  }
}

/** Tell whether all events behind `wanted` come if they come from `start` on; undefined: new events only. */
function reachesBackTo(start: Position | undefined, wanted: Position | undefined): boolean {
  return wanted === undefined || (start !== undefined && !isLater(start, wanted));
}

function earliest(position: Position | undefined, other: Position | undefined): Position | undefined {
  if (position === undefined || other === undefined) return position ?? other;
  return isLater(position, other) ? other : position;
}
