import type { Bus, Sharing } from '../core/src/tabs';
import type { TopicSource } from '../core/src/topics';
import type { EventMessage } from '../core/src/wire';
import { READY } from './fake-world';

type Message = Record<string, unknown>;

/** One response of `/hub/events`, in the hands of a test. */
export class FakeStream {
  isOpen = true;
  readonly topics = new Map<string, bigint>();
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly body = new ReadableStream<Uint8Array>({ start: (controller) => void (this.controller = controller) });

  constructor(readonly opening: Message[]) {}

  say(...messages: Message[]): void {
    if (this.isOpen) for (const message of messages) this.write(`data: ${JSON.stringify(message)}\n\n`);
  }

  write(text: string): void {
    this.controller.enqueue(new TextEncoder().encode(text));
  }

  /** End as the hub does, with a close code; null: the connection breaks. */
  end(code: number | null = null): void {
    if (!this.isOpen) return;
    if (code !== null) this.say({ type: 'close', code, reason: '' });
    this.isOpen = false;
    if (code === null) this.controller.error(new TypeError('network'));
    else this.controller.close();
  }

  abort(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.controller.error(new DOMException('aborted', 'AbortError'));
  }
}

/** The hub's side of topics: histories, and who listens to them over event streams, polls and channels. */
export class FakeHub {
  readonly streams: FakeStream[] = [];
  readonly requests: { opening: Message[]; isPoll: boolean }[] = [];
  readonly refused = new Map<string, number>(); // topic: status
  refusal: Response | null = null;
  private readonly histories = new Map<string, { id: bigint; data: number }[]>();
  private readonly trimmedTo = new Map<string, bigint>();
  private readonly channels = new Set<FakeChannel>();
  private last = 0n;

  get open(): FakeStream[] {
    return this.streams.filter(({ isOpen }) => isOpen);
  }

  publish(topic: string, data: number): void {
    const entry = { id: ++this.last, data };
    this.histories.set(topic, [...(this.histories.get(topic) ?? []), entry]);
    const message = event(topic, entry);
    for (const stream of this.open) if ((stream.topics.get(topic) ?? entry.id) < entry.id) stream.say(message);
    for (const channel of this.channels) channel.take(message);
  }

  /** Forget the history up to now. */
  trim(topic: string): void {
    this.histories.set(topic, []);
    this.trimmedTo.set(topic, this.last);
  }

  /** Return what a new subscription gets at once, and remember nothing. */
  subscribed(id: number, topic: string, after: string | undefined): Message[] {
    const status = this.refused.get(topic);
    if (status !== undefined) return [{ type: 'error', id, problem: { status }, processed: 'never' }];
    const from = after === undefined ? this.last : BigInt(after.split('-')[0]);
    const gap = from < (this.trimmedTo.get(topic) ?? 0n) ? [{ type: 'event', sequence: 0, topic, name: 'gap', data: {} }] : [];
    const later = (this.histories.get(topic) ?? []).filter((entry) => entry.id > from);
    return [
      ...gap,
      { type: 'response', id, status: 200, body: { after: position(from) } },
      ...later.map((entry) => event(topic, entry)),
    ];
  }

  readonly fetch = async (_url: string, init: RequestInit): Promise<Response> => {
    const opening = JSON.parse(init.body as string) as Message[];
    const isPoll = new Headers(init.headers).get('accept') === 'application/json';
    this.requests.push({ opening, isPoll });
    if (this.refusal !== null) return this.refusal.clone();
    const messages: Message[] = [READY];
    const stream = new FakeStream(opening);
    for (const { id, topic, after } of opening.slice(1) as { id: number; topic: string; after?: string }[]) {
      messages.push(...this.subscribed(id, topic, after));
      if (!this.refused.has(topic)) stream.topics.set(topic, after === undefined ? this.last : BigInt(after.split('-')[0]));
    }
    if (isPoll) return new Response(JSON.stringify(messages), { headers: { 'content-type': 'application/json' } });
    this.streams.push(stream);
    init.signal?.addEventListener('abort', () => stream.abort());
    stream.say(...messages);
    return new Response(stream.body, { headers: { 'content-type': 'text/event-stream' } });
  };

  channel(take: (event: EventMessage) => void): FakeChannel {
    const channel = new FakeChannel(this, take);
    this.channels.add(channel);
    return channel;
  }

  leave(channel: FakeChannel): void {
    this.channels.delete(channel);
  }
}

/** A channel as far as topics see it. */
export class FakeChannel implements TopicSource {
  private readonly topics = new Set<string>();

  constructor(
    private readonly hub: FakeHub,
    private readonly page: (event: EventMessage) => void,
  ) {}

  take(message: Message): void {
    if (this.topics.has(message['topic'] as string)) this.page(message as unknown as EventMessage);
  }

  async subscribe(topic: string, after: string | undefined): Promise<string> {
    let from = '';
    this.topics.add(topic);
    for (const message of this.hub.subscribed(1, topic, after))
      if (message['type'] === 'event') this.page(message as unknown as EventMessage);
      else from = (message['body'] as { after: string }).after;
    return from;
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
  }

  close(): void {
    this.hub.leave(this);
  }
}

/** The tabs of one browser: messages arrive in order, a little later; a lock has one holder. */
export class FakeSharing implements Sharing {
  private readonly ends = new Map<string, Set<Bus<unknown>>>();
  private readonly waiting = new Map<string, { held: () => void; lost: () => void }[]>(); // the first one holds the lock

  bus<T>(name: string): Bus<T> {
    const ends = this.ends.get(name) ?? new Set();
    this.ends.set(name, ends);
    const end: Bus<T> = {
      onmessage: null,
      postMessage: (message) => {
        const sent = structuredClone(message);
        const others = [...(ends as Set<Bus<T>>)].filter((other) => other !== end);
        queueMicrotask(() => others.forEach((other) => ends.has(other as Bus<unknown>) && other.onmessage?.({ data: sent })));
      },
      close: () => void ends.delete(end as Bus<unknown>),
    };
    ends.add(end as Bus<unknown>);
    return end;
  }

  lock(name: string, steal: boolean, held: () => void, lost: () => void): () => void {
    const queue = this.waiting.get(name) ?? [];
    this.waiting.set(name, queue);
    const entry = { held, lost };
    if (steal) {
      const former = queue.shift();
      queue.unshift(entry);
      queueMicrotask(() => former?.lost());
    } else queue.push(entry);
    if (queue[0] === entry) queueMicrotask(() => queue[0] === entry && held());
    return () => {
      const at = queue.indexOf(entry);
      if (at >= 0) queue.splice(at, 1);
      if (at === 0) {
        const next = queue[0];
        queueMicrotask(() => next !== undefined && queue[0] === next && next.held());
      }
    };
  }
}

function position(id: bigint): string {
  return `${id}-0`;
}

function event(topic: string, { id, data }: { id: bigint; data: number }): Message {
  return { type: 'event', sequence: 1, topic, name: 'changed', data, id: position(id) };
}
