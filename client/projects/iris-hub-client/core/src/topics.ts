import { guarded } from './emitter';
import type { HubError } from './errors';
import { isLater } from './push-messages';
import type { EventMessage } from './wire';

/** An event of an application's topic. The name `gap` means: events were missed, load anew what the topic is about. */
export interface TopicEvent {
  name: string;
  data: unknown;
  /** Position in the history of the topic. */
  id?: string;
}

export interface TopicListener {
  event(event: TopicEvent): void;
  /** The hub refuses the topic; no event will come. */
  refused(error: HubError): void;
}

/** What brings the events of topics: a connection of the channel, or what stands in for it. */
export interface TopicSource {
  /** Ask for the events of a topic; resolves with the position from which they follow. */
  subscribe(topic: string, after: string | undefined): Promise<string>;
  unsubscribe(topic: string): void;
}

interface Topic {
  listeners: Set<TopicListener>;
  after: string | undefined;
}

const UNREACHABLE = 503; // the store did not answer: worth another try with the next connection

/** The topics that the page listens to, each with the position of the last event, over all sources. */
export class Topics {
  private readonly topics = new Map<string, Topic>();
  private source: TopicSource | null = null;

  /** Listen to a topic; returns how to stop. */
  add(name: string, listener: TopicListener): () => void {
    let topic = this.topics.get(name);
    if (topic === undefined) {
      topic = { listeners: new Set(), after: undefined };
      this.topics.set(name, topic);
      this.subscribe(name, topic);
    }
    topic.listeners.add(listener);
    return () => this.remove(name, listener);
  }

  /** Go on with another source, from where the last one stood; null: there is none. */
  moveTo(source: TopicSource | null): void {
    this.source = source;
    for (const [name, topic] of this.topics) this.subscribe(name, topic);
  }

  /** Do without a source, if it is the present one. */
  leave(source: TopicSource): void {
    if (this.source === source) this.moveTo(null);
  }

  take({ topic: name, name: what, data, id }: EventMessage): void {
    const topic = this.topics.get(name);
    if (topic === undefined) return;
    if (id !== undefined && topic.after !== undefined && !isLater(id, topic.after)) return; // other tabs needed it once more
    if (id !== undefined) topic.after = id;
    for (const listener of [...topic.listeners]) guarded(() => listener.event({ name: what, data, id }));
  }

  private remove(name: string, listener: TopicListener): void {
    const topic = this.topics.get(name);
    if (topic === undefined || !topic.listeners.delete(listener) || topic.listeners.size > 0) return;
    this.topics.delete(name);
    this.source?.unsubscribe(name);
  }

  private async subscribe(name: string, topic: Topic): Promise<void> {
    try {
      const after = await this.source?.subscribe(name, topic.after);
      topic.after ??= after;
    } catch (error) {
      const { problem } = error as HubError;
      if (problem.status === 0 || problem.status === UNREACHABLE || this.topics.get(name) !== topic) return;
      this.topics.delete(name);
      for (const listener of topic.listeners) guarded(() => listener.refused(error as HubError));
    }
  }
}
