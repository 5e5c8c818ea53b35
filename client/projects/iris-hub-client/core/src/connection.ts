/**
 * One channel, as a state machine without a socket: it is told what arrives and what the page wants, and it says what to send.
 *
 * States: `dialling` -> `greeted` (hello is sent) -> `ready` -> `closed`. Dialling again is the business of `Channel`.
 */

import { type Answer, type AnswerBody, InlineBody, StreamedBody, headersOf } from './answer';
import type { Call } from './call';
import { type BodyFrame, decodeFrame, encodeFrame } from './frames';
import { HubError } from './errors';
import { fits } from './fits';
import { outgoingBody, withDefault } from './outgoing';
import { Upload } from './upload';
import type {
  ClientMessage,
  EventMessage,
  HelloMessage,
  ReadyMessage,
  RequestMessage,
  ResponseMessage,
  ServerMessage,
} from './wire';

const BATCH_CHARACTERS = 8192; // far below any `limits.message`
const CONNECTION = 0;

/** What a connection tells its owner. */
export interface ConnectionEvents {
  /** The hub has accepted hello; `again` are the pending calls that have to be sent anew. */
  ready(message: ReadyMessage, again: Call[]): void;
  event(message: EventMessage): void;
  goingAway(withinMs: number): void;
  roundTrip(ms: number): void;
}

/** What a connection needs of the world. */
export interface ConnectionWorld {
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Run this at the end of the present turn, so that what is ready together leaves in one batch. */
  defer(flush: () => void): void;
  now(): number;
}

interface Exchange {
  call: Call;
  upload: Upload | null;
  body: StreamedBody | null;
  unread: number;
}

interface Subscribing {
  resolve(after: string): void;
  reject(error: HubError): void;
}

export class Connection {
  state: 'dialling' | 'greeted' | 'ready' | 'closed' = 'dialling';
  readyMessage: ReadyMessage | null = null;
  isLeaving = false;
  private readonly exchanges = new Map<number, Exchange>();
  private readonly subscribing = new Map<number, Subscribing>();
  private readonly announced: [number, Call][] = [];
  private outbox: string[] = [];
  private lastId = 0;
  private unread = 0;
  private pingedAt: number | null = null;

  constructor(
    private readonly world: ConnectionWorld,
    private readonly events: ConnectionEvents,
  ) {}

  /** Calls whose answer has not come completely. */
  get calls(): Call[] {
    return [...this.exchanges.values()].map((exchange) => exchange.call);
  }

  /** The socket is open: say hello. `pending` are keyed calls that an earlier connection left; null: there was none. */
  greet(hello: Omit<HelloMessage, 'type' | 'resume'>, pending: Call[] | null): void {
    for (const call of pending ?? []) this.announced.push([++this.lastId, call]);
    const listed = this.announced.map(([id, call]): [number, string] => [id, call.key as string]);
    this.state = 'greeted';
    this.say({ type: 'hello', ...hello, ...(pending === null ? {} : { resume: { pending: listed } }) });
  }

  /**
   * Send a call. Its answer comes through the call.
   *
   * @returns Whether the channel can carry it; if not, nothing was sent.
   */
  start(call: Call): boolean {
    const { blob, ...message } = this.messageOf(call);
    const limits = this.readyMessage?.limits;
    if (limits !== undefined && !(fits(message, limits) && this.exchanges.size < limits.in_flight + limits.queue)) return false;
    const id = ++this.lastId;
    const upload = blob === undefined ? null : this.upload(id, blob, call);
    this.exchanges.set(id, { call, upload, body: null, unread: 0 });
    call.wasSent = true;
    this.say({ ...message, id });
    return true;
  }

  /** Stop a call. What was already under way may still arrive, and is ignored. */
  cancel(call: Call): void {
    for (const [id, exchange] of this.exchanges) {
      if (exchange.call !== call) continue;
      this.end(id, exchange);
      exchange.body?.breakOff(call.signal.reason);
      this.say({ type: 'cancel', id });
    }
  }

  /** Ask for the events of a topic; resolves with the position from which they follow. */
  subscribe(topic: string, after: string | undefined): Promise<string> {
    const id = ++this.lastId;
    this.say({ type: 'subscribe', id, topic, after });
    return new Promise((resolve, reject) => this.subscribing.set(id, { resolve, reject }));
  }

  unsubscribe(topic: string): void {
    this.say({ type: 'unsubscribe', topic });
  }

  /** Ask for a sign of life. */
  ping(): void {
    this.pingedAt = this.world.now();
    this.say({ type: 'ping', n: 1 });
  }

  bye(): void {
    this.say({ type: 'bye' });
    this.flush();
  }

  /** Take a WebSocket message of the hub. */
  receive(data: string | ArrayBuffer): void {
    if (this.state === 'closed') return;
    if (typeof data !== 'string') {
      const frame = decodeFrame(data);
      if (frame !== null) this.takeFrame(frame);
      return;
    }
    for (const message of [JSON.parse(data)].flat() as ServerMessage[]) this.take(message);
  }

  /** The socket is gone. Return the calls that have no answer yet; bodies under way break off. */
  closed(): Call[] {
    const left: Call[] = [];
    for (const { call, body, upload } of this.exchanges.values()) {
      upload?.stop();
      if (body === null) left.push(call);
      else body.breakOff(HubError.of('answer-broken', 'The connection broke in the middle of the answer.', 'maybe'));
    }
    if (this.state !== 'ready') left.push(...this.announced.map(([, call]) => call));
    const lost = HubError.of('channel-lost', 'The connection broke.', 'never');
    for (const { reject } of this.subscribing.values()) reject(lost);
    this.exchanges.clear();
    this.subscribing.clear();
    this.state = 'closed';
    return left;
  }

  private take(message: ServerMessage): void {
    switch (message.type) {
      case 'ready':
        return this.takeReady(message);
      case 'response':
        return this.takeResponse(message);
      case 'error':
        return this.fail(message.id, new HubError(message.problem, message.processed, message.retry_after_ms ?? null));
      case 'reset':
        return this.fail(message.id, HubError.of('answer-broken', message.reason ?? 'The answer broke off.', 'maybe'));
      case 'window':
        return void this.exchanges.get(message.id)?.upload?.grant(message.bytes);
      case 'progress':
        return this.takeProgress(message.id, message.accepted);
      case 'event':
        this.say({ type: 'ack', sequence: message.sequence });
        return this.events.event(message);
      case 'going_away':
        this.isLeaving = true;
        return this.events.goingAway(message.within_ms);
      case 'ping':
        return this.say({ type: 'pong', n: message.n });
      case 'pong':
        if (this.pingedAt !== null) this.events.roundTrip(this.world.now() - this.pingedAt);
        this.pingedAt = null;
        return;
      default: // of a later version of the hub
        return;
    }
  }

  private takeReady(message: ReadyMessage): void {
    this.state = 'ready';
    this.readyMessage = message;
    const again: Call[] = [];
    for (const [id, call] of this.announced) {
      const verdict = message.pending?.[id] ?? 'unknown';
      if (verdict === 'joined' || verdict === 'done') this.exchanges.set(id, { call, upload: null, body: null, unread: 0 });
      else if (verdict === 'unknown') call.lose();
      else {
        call.startOver();
        again.push(call);
      }
    }
    this.announced.length = 0;
    this.events.ready(message, again);
  }

  private takeResponse(message: ResponseMessage): void {
    const subscribing = this.subscribing.get(message.id);
    if (subscribing !== undefined) {
      this.subscribing.delete(message.id);
      return subscribing.resolve((message.body as { after: string }).after);
    }
    const exchange = this.exchanges.get(message.id);
    if (exchange === undefined) return;
    const headers = headersOf(message.headers);
    let body: AnswerBody = InlineBody.of(message, headers.get('content-type'));
    if (message.stream === undefined) {
      this.end(message.id, exchange);
    } else {
      body = exchange.body = new StreamedBody(
        message.stream < 0 ? null : message.stream,
        (bytes) => this.wasRead(message.id, bytes),
        () => this.cancel(exchange.call),
      );
    }
    exchange.call.succeed({
      status: message.status,
      headers,
      body,
      transport: 'channel',
      replayed: message.replayed ?? false,
      timing: message.timing ?? null,
    } satisfies Answer);
  }

  private takeFrame(frame: BodyFrame): void {
    const exchange = this.exchanges.get(frame.id);
    if (!exchange?.body) return this.giveBack(frame.data.length); // cancelled: it counts for the connection all the same
    exchange.body.feed(frame.data);
    if (!frame.end) return;
    exchange.body.finish();
    this.end(frame.id, exchange);
  }

  private takeProgress(id: number, accepted: number): void {
    const exchange = this.exchanges.get(id);
    if (exchange?.upload) exchange.call.request.onUploadProgress?.(accepted, exchange.upload.size);
  }

  /** End a request without the rest of its answer. */
  private fail(id: number, error: HubError): void {
    const subscribing = this.subscribing.get(id);
    this.subscribing.delete(id);
    subscribing?.reject(error);
    const exchange = this.exchanges.get(id);
    if (exchange === undefined) return;
    this.end(id, exchange);
    if (exchange.body !== null) exchange.body.breakOff(error);
    else exchange.call.fail(error);
  }

  private end(id: number, exchange: Exchange): void {
    exchange.upload?.stop();
    this.exchanges.delete(id);
  }

  /** Give credit again at half of a window. */
  private wasRead(id: number, bytes: number): void {
    this.giveBack(bytes);
    const exchange = this.exchanges.get(id);
    if (exchange === undefined || this.readyMessage === null) return;
    exchange.unread += bytes;
    if (exchange.unread * 2 < this.readyMessage.limits.window) return;
    this.say({ type: 'window', id, bytes: exchange.unread });
    exchange.unread = 0;
  }

  private giveBack(bytes: number): void {
    this.unread += bytes;
    if (this.readyMessage === null || this.unread * 2 < this.readyMessage.limits.connection_window) return;
    this.say({ type: 'window', id: CONNECTION, bytes: this.unread });
    this.unread = 0;
  }

  private messageOf(call: Call): Omit<RequestMessage, 'id'> & { blob?: Blob } {
    const { method, path, priority, passive, timeoutMs, onUploadProgress } = call.request;
    const { headers, text, blob } = outgoingBody(call.request, this.readyMessage);
    const leftMs = Math.max(Math.ceil(call.deadline - this.world.now()), 1);
    return {
      type: 'request',
      method,
      path,
      headers: withDefault(headers, 'accept', '*/*'), // as fetch does
      text,
      stream: blob?.size,
      key: call.key ?? undefined,
      timeout_ms: timeoutMs ? leftMs : undefined,
      priority,
      passive,
      progress: (blob !== undefined && onUploadProgress !== undefined) || undefined,
      blob,
    };
  }

  private upload(id: number, blob: Blob, call: Call): Upload {
    call.request.onUploadProgress?.(0, blob.size);
    return new Upload(
      blob,
      this.readyMessage?.limits.frame ?? 16_384,
      (data, end) => {
        if (this.state !== 'closed') this.world.send(encodeFrame({ id, end, data }));
      },
      () => {
        this.say({ type: 'reset', id, reason: 'The file cannot be read any more.' });
        this.fail(id, HubError.of('upload-unreadable', 'The file cannot be read any more.', 'maybe'));
      },
    );
  }

  private say(message: ClientMessage): void {
    this.push(JSON.stringify(message));
  }

  private push(text: string): void {
    if (this.state === 'closed') return;
    this.outbox.push(text);
    if (this.outbox.length === 1) this.world.defer(() => this.flush());
  }

  private flush(): void {
    const waiting = this.outbox;
    this.outbox = [];
    if (this.state === 'closed') return;
    let batch: string[] = [];
    let size = 0;
    for (const text of waiting) {
      if (batch.length > 0 && size + text.length > BATCH_CHARACTERS) {
        this.world.send(joined(batch));
        batch = [];
        size = 0;
      }
      batch.push(text);
      size += text.length;
    }
    if (batch.length > 0) this.world.send(joined(batch));
  }
}

function joined(batch: string[]): string {
  return batch.length === 1 ? batch[0] : `[${batch.join(',')}]`;
}
