/** Plays a dialogue against the client: what `C:` says has to come from it, and `S:` is told to it. */

import { expect } from 'vitest';
import type { Answer } from '../core/src/answer';
import { Call } from '../core/src/call';
import { afterClose } from '../core/src/close-codes';
import { Connection } from '../core/src/connection';
import type { HubError } from '../core/src/errors';
import { fits } from '../core/src/fits';
import { decodeFrame, encodeFrame } from '../core/src/frames';
import type { Timer } from '../core/src/world';
import type { ClientMessage, EventMessage, Limits, ReadyMessage, RequestMessage, WireHeaders } from '../core/src/wire';

type Message = Record<string, unknown> & { type: string; id: number };

const BODY = /^body (\d+) (END )?(".*")$/;
const LIMITS: Limits = {
  frame: 16384,
  message: 131072,
  inline: 65536,
  headers: 16384,
  header_fields: 64,
  path: 4096,
  in_flight: 32,
  queue: 128,
  body: 104857600,
  window: 262144,
  connection_window: 1048576,
  timeout_ms: 30000,
};
const SESSION = { subject: 's1', identity: 'i', idle_ms: 1, absolute_ms: 1 };
const READY: ReadyMessage = {
  type: 'ready',
  connection: 'c1',
  resumed: false,
  capabilities: ['text'],
  heartbeat: { interval_ms: 25_000, timeout_ms: 10_000 },
  limits: LIMITS,
  session: SESSION,
};
const OF_ITS_OWN = new Set(['ack', 'pong', 'window']); // sent when it is time, not when the page asks

/** Return why no client that keeps the rules says these lines; null if one does. */
export function notOurs(lines: string[]): string | null {
  const said = lines.filter((line) => line.startsWith('C: ')).map((line) => line.slice(3));
  if (lines.some((line) => line === 'S: close 4400')) return 'the client breaks the rules';
  if (lines.some((line) => line.includes(':too-many-requests'))) return 'more requests than the hub takes';
  const limits = lines
    .filter((line) => line.startsWith('hub: limits '))
    .reduce((all, line) => limitsIn(line.slice(5), all), LIMITS);
  let last = 0;
  for (const line of said) {
    if (BODY.test(line)) continue;
    for (const message of [JSON.parse(line)].flat() as Message[]) {
      if (message.type === 'hello') last = ((message['resume'] as { pending: unknown[] } | undefined)?.pending ?? []).length;
      if (message.type === 'request' || message.type === 'subscribe') {
        if (message.id !== ++last) return 'ids that are not consecutive';
        if (message['stream'] === -1) return 'an upload of unknown length';
        if (['window', 'traceparent', 'body'].some((name) => message[name] !== undefined)) return 'a member that we do not send';
      }
      if (message.type === 'request' && !fits(message as unknown as RequestMessage, limits)) return 'a request for HTTP';
      if (message.type === 'reset') return 'the client resets an upload';
      if (message['optional'] !== undefined || message['colour'] !== undefined || !KNOWN.has(message.type))
        return 'a message of another version';
    }
  }
  if (said.length > 0 && !lines.some((line) => line.startsWith('hub: ready') || line.startsWith('hub: resumes')))
    return 'no ready';
  return null;
}

/** Return the limits with those that a line of the kind `limits NAME=VALUE ...` changes. */
function limitsIn(line: string, limits: Limits): Limits {
  const pairs = line
    .split(' ')
    .slice(1)
    .map((pair) => pair.split('='));
  return { ...limits, ...Object.fromEntries(pairs.map(([name, value]) => [name, Number(value)])) };
}

const KNOWN = new Set(['hello', 'request', 'subscribe', 'unsubscribe', 'cancel', 'window', 'ack', 'ping', 'pong', 'bye']);

interface Expected {
  status?: number;
  problem?: string;
  processed?: string;
  text?: string;
  ended: 'complete' | 'reset' | 'open';
}

export class Replay {
  readonly calls = new Map<number, Call>();
  readonly answers = new Map<number, Answer>();
  readonly failures = new Map<number, HubError>();
  readonly events: EventMessage[] = [];
  private readonly sent: (Message | string)[] = [];
  private readonly flushes: (() => void)[] = [];
  private readonly expected = new Map<number, Expected>();
  private readonly facts = new Map<number, Partial<Message>>();
  private readonly cancelled = new Set<number>();
  private limits = LIMITS;
  private isGreeted = false;
  private keys = 0;
  private readonly connection = new Connection(
    { send: (data) => this.take(data), defer: (flush) => this.flushes.push(flush), now: () => 0 },
    {
      ready: () => undefined, // the dialogue says itself what is sent again
      event: (event) => this.events.push(event),
      goingAway: () => undefined,
      roundTrip: () => undefined,
    },
  );

  constructor(private readonly lines: string[]) {}

  async run(): Promise<void> {
    for (const line of this.lines) {
      const at = line.indexOf(': ');
      const what = line.slice(at + 2);
      if (line.startsWith('C')) await this.client(what);
      else if (line.startsWith('S')) await this.server(what);
      else this.hub(what);
    }
    await this.check();
  }

  private async client(what: string): Promise<void> {
    const body = BODY.exec(what);
    if (body !== null) {
      await this.settle();
      expect(this.sent.shift()).toBe(what);
      return;
    }
    for (const message of [JSON.parse(what)].flat() as Message[]) {
      if (message.type === 'pong' || message.type === 'window' || message.type === 'ack') continue;
      this.say(message as unknown as ClientMessage);
      await this.settle();
      const said = this.sent.shift() as Message;
      const { n: _n, ...rest } = message;
      expect(said).toMatchObject(rest);
      expect(Object.keys(said).filter((name) => !(name in message) && name !== 'headers')).toEqual([]);
    }
  }

  private say(message: ClientMessage): void {
    switch (message.type) {
      case 'hello': {
        this.isGreeted = true;
        const { csrf, client, identity, capabilities } = message;
        const pending = message.resume?.pending.map(([id, key]) =>
          this.call({ type: 'request', id, method: 'POST', path: '/', key }),
        );
        return this.connection.greet({ csrf, client, identity, capabilities }, pending ?? null);
      }
      case 'request':
        this.greet();
        this.connection.readyMessage ??= { ...READY, limits: this.limits }; // as known from an earlier connection
        this.connection.start(this.call(message));
        return;
      case 'subscribe':
        this.greet();
        void this.connection.subscribe(message.topic, message.after).catch(() => undefined);
        return;
      case 'unsubscribe':
        return this.connection.unsubscribe(message.topic);
      case 'cancel': {
        const call = this.calls.get(message.id) as Call;
        this.connection.cancel(call);
        this.cancelled.add(message.id);
        if (this.connection.calls.includes(call) || this.sent.length > 0 || this.flushes.length > 0) return;
        this.sent.push({ ...message }); // it crossed the answer: ours does not even say it
        return;
      }
      case 'ping':
        return this.connection.ping();
      case 'bye':
        return this.connection.bye();
    }
  }

  private call(message: RequestMessage): Call {
    const { id, method, path, headers, key = null, priority, passive, timeout_ms: timeoutMs, stream, text: inline } = message;
    const uploaded = this.lines
      .map((line) => BODY.exec(line.slice(3)))
      .filter((body, at) => body && Number(body[1]) === id && this.lines[at].startsWith('C'));
    const text = uploaded.map((body) => JSON.parse(body![3]) as string).join('');
    const body = inline !== undefined ? { text: inline } : stream !== undefined ? new Blob([text.padEnd(stream)]) : null;
    const onUploadProgress = message.progress ? () => undefined : undefined;
    const call = new Call(
      { method, path, headers, body, key, priority, passive, timeoutMs, onUploadProgress },
      {
        newKey: () => `new-key-${++this.keys}-00000000`,
        now: () => 0,
        setTimeout: () => 0 as unknown as Timer,
        clearTimeout: () => undefined,
      },
    );
    this.calls.set(id, call);
    call.answer.then(
      (answer) => this.answers.set(id, answer),
      (error: HubError) => this.failures.set(id, error),
    );
    return call;
  }

  private greet(): void {
    if (this.isGreeted) return;
    this.isGreeted = true;
    this.connection.greet({ csrf: 't' }, null);
    this.flush();
    this.sent.length = 0;
  }

  private async server(what: string): Promise<void> {
    await this.settle();
    if (what.startsWith('close ')) {
      expect(['ended', 'dial', 'stop', 'http', 'reload']).toContain(afterClose(Number(what.slice(6))));
      for (const call of this.connection.closed()) call.lose();
      return;
    }
    this.greet();
    this.beReady(what);
    const body = BODY.exec(what);
    if (body !== null) {
      const [id, end, text] = [Number(body[1]), body[2] !== undefined, JSON.parse(body[3]) as string];
      const frame = encodeFrame({ id, end, data: new TextEncoder().encode(text) });
      this.connection.receive(frame.buffer);
      const expected = this.expected.get(id);
      if (expected) this.expected.set(id, { ...expected, text: (expected.text ?? '') + text, ended: end ? 'complete' : 'open' });
      return;
    }
    const message = { ...JSON.parse(what) } as Message;
    if (message.type === 'ready')
      Object.assign(message, { ...READY, ...message, limits: { ...this.limits, ...(message['limits'] as object) } });
    if (message.type === 'error') message['problem'] ??= { status: 502 };
    if (message.type === 'response')
      Object.assign(message, { status: 200, headers: {}, ...this.facts.get(message.id), ...message });
    this.connection.receive(JSON.stringify(message));
    this.expect(message);
  }

  /** A dialogue that does not show `ready` begins behind it. */
  private beReady(what: string): void {
    const shows = this.lines.some((line) => line.startsWith('S: ') && line.includes('"type": "ready"'));
    if (this.connection.state !== 'greeted' || shows || what.startsWith('{"type": "pong"')) return;
    this.connection.receive(JSON.stringify({ ...READY, limits: this.limits }));
  }

  private expect(message: Message): void {
    const { id } = message;
    if (message.type === 'response' && this.calls.has(id)) {
      const inline = message['stream'] === undefined;
      this.expected.set(id, { status: message['status'] as number, ended: inline ? 'complete' : 'open' });
    } else if (message.type === 'error' && this.calls.has(id)) {
      const problem = message['problem'] as { type: string };
      this.expected.set(id, { problem: problem.type, processed: message['processed'] as string, ended: 'complete' });
    } else if (message.type === 'reset') {
      this.expected.set(id, { ...this.expected.get(id), ended: 'reset' });
    }
  }

  private hub(what: string): void {
    const [verb, ...rest] = what.split(' ');
    if (verb === 'limits') this.limits = limitsIn(what, this.limits);
    if (verb !== 'answer' && verb !== 'begin') return;
    const headers = /\{.*?\}/.exec(what);
    this.facts.set(Number(rest[0]), { status: Number(rest[1]), headers: headers ? (JSON.parse(headers[0]) as WireHeaders) : {} });
  }

  /** Every request has ended as the hub has said. */
  private async check(): Promise<void> {
    await this.settle();
    for (const [id, expected] of this.expected) {
      if (this.cancelled.has(id)) continue; // nobody waits for it
      if (expected.problem !== undefined) {
        expect(this.failures.get(id)).toMatchObject({ problem: { type: expected.problem }, processed: expected.processed });
      } else if (expected.status !== undefined) {
        const answer = this.answers.get(id);
        expect(answer?.status).toBe(expected.status);
        if (expected.ended === 'reset') await expect(answer!.body.bytes()).rejects.toThrow();
        else if (expected.ended === 'complete' && expected.text !== undefined)
          expect(await answer!.body.text()).toBe(expected.text);
      }
    }
  }

  private take(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data !== 'string') {
      const { id, end, data: part } = decodeFrame(data.buffer)!;
      this.sent.push(`body ${id} ${end ? 'END ' : ''}${JSON.stringify(new TextDecoder().decode(part))}`);
      return;
    }
    const messages = [JSON.parse(data)].flat() as Message[];
    this.sent.push(...messages.filter((message) => !OF_ITS_OWN.has(message.type)));
  }

  private flush(): void {
    for (const flush of this.flushes.splice(0)) flush();
  }

  /** Let everything happen that is due. */
  private async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      this.flush();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}
