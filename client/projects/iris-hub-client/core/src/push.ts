import { Emitter } from './emitter';
import { HubError } from './errors';
import type { Greeting } from './line';
import { PushLeader } from './push-leader';
import { type Position, type PushMessage, SILENCE_MS, isLater } from './push-messages';
import { type Bus, type Sharing, loneSharing } from './tabs';
import type { TopicSource } from './topics';
import type { EventMessage, Problem } from './wire';
import type { Timer, World } from './world';

const NAME = 'iris-hub-push:';

interface Listening {
  after: Position | undefined;
  /** Until the leader confirms the topic, its events are not for this tab: earlier ones may follow. */
  isConfirmed: boolean;
  settle: { resolve(after: Position): void; reject(error: HubError): void } | null;
}

/** Events of topics and of the session while this page has no channel. All tabs of a user share one request to the hub. */
export class Push implements TopicSource {
  readonly events = new Emitter<EventMessage>();
  /** Something may have become of the session meanwhile: ask. */
  readonly doubts = new Emitter<void>();
  /** Whether events arrive. */
  isOpen = false;
  private readonly tab: string;
  private readonly topics = new Map<string, Listening>();
  private name = '';
  private sharing: Sharing | null = null;
  private bus: Bus<PushMessage> | null = null;
  private leader: PushLeader | null = null;
  private leaderId = '';
  private giveUp: (() => void) | null = null;
  private watch: Timer | undefined;

  constructor(
    private readonly greeting: () => Greeting,
    private readonly world: World,
  ) {
    this.tab = world.newKey();
  }

  get isRunning(): boolean {
    return this.bus !== null;
  }

  /** Listen, together with the other tabs of the same user. */
  start(identity: string): void {
    if (this.isRunning) return;
    this.name = NAME + identity;
    this.sharing = this.world.sharing ?? loneSharing(this.world.defer);
    this.bus = this.sharing.bus<PushMessage>(this.name);
    this.bus.onmessage = ({ data }) => this.onMessage(data);
    this.tellWanted();
    this.stand(false);
  }

  /** Stop to listen. Subscriptions that are not confirmed stay so. */
  stop(): void {
    if (this.bus === null) return;
    this.world.clearTimeout(this.watch);
    this.bus.postMessage({ kind: 'wanted', tab: this.tab, topics: null });
    this.giveUp?.();
    this.step();
    this.bus.close();
    this.bus = null;
    this.leaderId = '';
    this.isOpen = false;
    this.topics.clear();
  }

  /** This page is looked at again: it may have been frozen, and what was said meanwhile may be lost. */
  resume(): void {
    if (this.isRunning) this.startOver();
  }

  subscribe(topic: string, after: string | undefined): Promise<string> {
    return new Promise((resolve, reject) => {
      this.topics.set(topic, { after, isConfirmed: false, settle: { resolve, reject } });
      this.tellWanted();
    });
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
    this.tellWanted();
  }

  // -- who leads

  private stand(steal: boolean): void {
    this.giveUp?.();
    const { sharing } = this;
    if (sharing === null) return;
    this.giveUp = sharing.lock(
      this.name,
      steal,
      () => this.lead(),
      () => {
        this.step();
        this.stand(false);
      },
    );
    this.watchLeader();
  }

  private lead(): void {
    if (this.sharing === null || this.leader !== null) return;
    const isAlone = this.world.sharing === null;
    const mayRest = (): boolean => isAlone && this.world.isHidden();
    this.leader = new PushLeader(this.sharing.bus(this.name), this.greeting, this.world, isAlone, mayRest);
  }

  private step(): void {
    this.leader?.stop();
    this.leader = null;
  }

  private watchLeader(): void {
    this.world.clearTimeout(this.watch);
    this.watch = this.world.setTimeout(() => {
      if (this.leader === null && !this.world.isHidden()) this.stand(true);
      else this.watchLeader();
    }, SILENCE_MS);
  }

  // -- what the leader says

  private onMessage(message: PushMessage): void {
    if (message.kind === 'wanted') return; // another tab to its leader
    if (message.kind === 'leading') {
      this.leaderId = message.leader;
      return this.startOver();
    }
    if (this.leaderId === '') this.leaderId = message.leader;
    if (message.leader !== this.leaderId) return; // of a former leader, which was frozen
    this.watchLeader();
    switch (message.kind) {
      case 'alive':
        this.isOpen = message.isOpen;
        this.tellWanted();
        if (message.isDoubtful) this.doubts.emit();
        return;
      case 'event':
        return this.onEvent(message.event);
      case 'subscribed':
        return this.onSubscribed(message.topic, message.after);
      case 'refused':
        return this.onRefused(message.topic, message.problem);
    }
  }

  private onEvent(event: EventMessage): void {
    const topic = this.topics.get(event.topic);
    if (topic !== undefined && event.id !== undefined) {
      if (!topic.isConfirmed) return;
      topic.after = event.id;
    }
    this.events.emit(event);
  }

  private onSubscribed(name: string, from: Position): void {
    const topic = this.topics.get(name);
    if (topic === undefined || topic.isConfirmed) return;
    if (topic.after !== undefined && isLater(from, topic.after)) return; // of another tab; ours follows
    topic.isConfirmed = true;
    topic.after ??= from;
    topic.settle?.resolve(topic.after);
    topic.settle = null;
    this.tellWanted();
  }

  private onRefused(name: string, problem: Problem): void {
    const topic = this.topics.get(name);
    this.topics.delete(name);
    topic?.settle?.reject(new HubError(problem, 'never'));
    this.tellWanted(); // it may have been asked for once more meanwhile
  }

  /** Let the leader confirm all positions anew. */
  private startOver(): void {
    for (const topic of this.topics.values()) topic.isConfirmed = false;
    this.tellWanted();
  }

  private tellWanted(): void {
    const topics = [...this.topics].map(([name, { after, isConfirmed }]): [string, Position | undefined, boolean] => [
      name,
      after,
      !isConfirmed,
    ]);
    this.bus?.postMessage({ kind: 'wanted', tab: this.tab, topics });
  }
}
