import type { Sharing } from '../core/src/tabs';
import type { SocketLike, Timer, World } from '../core/src/world';
import { encodeFrame } from '../core/src/frames';

/** The hub's end of one WebSocket, in the hands of a test. */
export class FakeSocket implements SocketLike {
  binaryType = '';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  isClosed = false;
  private isOpen = false;
  private isBroken = false;
  readonly said: Record<string, unknown>[] = [];

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data === 'string') this.said.push(...([JSON.parse(data)].flat() as Record<string, unknown>[]));
  }

  close(): void {
    this.isClosed = true;
  }

  open(): void {
    if (this.isOpen || this.isBroken) return; // as a browser: once, and never after the end
    this.isOpen = true;
    this.onopen?.();
  }

  say(...messages: Record<string, unknown>[]): void {
    if (!this.isBroken) this.onmessage?.({ data: JSON.stringify(messages.length === 1 ? messages[0] : messages) });
  }

  sayBody(id: number, text: string, end: boolean): void {
    this.onmessage?.({ data: encodeFrame({ id, end, data: new TextEncoder().encode(text) }).buffer });
  }

  break(code = 1006): void {
    this.isBroken = true;
    this.onclose?.({ code, reason: '' });
  }

  /** The last message of a type. */
  last(type: string): Record<string, unknown> | undefined {
    return this.said.filter((message) => message['type'] === type).at(-1);
  }
}

export const READY = {
  type: 'ready',
  connection: 'c',
  resumed: false,
  capabilities: ['resume', 'windows', 'drain', 'text'],
  heartbeat: { interval_ms: 25_000, timeout_ms: 10_000 },
  limits: {
    frame: 16,
    message: 131_072,
    inline: 65_536,
    headers: 16_384,
    header_fields: 64,
    path: 4096,
    in_flight: 32,
    queue: 128,
    body: 1_048_576,
    window: 32,
    connection_window: 64,
    timeout_ms: 30_000,
  },
  session: { subject: 's', identity: 'i', idle_ms: 900_000, absolute_ms: 1 },
};

/** Time that moves when a test says so, and sockets that lead to the test. */
export class FakeWorld implements World {
  readonly sockets: FakeSocket[] = [];
  sharing: Sharing | null = null;
  hidden = false;
  isForbidden = false;
  time = 0;
  chance = 0.5;
  private timers: { at: number; run: () => void; id: number }[] = [];
  private ids = 0;

  isHidden = (): boolean => this.hidden;
  dial = (): SocketLike => {
    if (this.isForbidden) throw new DOMException('The operation is insecure.', 'SecurityError');
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  };
  now = (): number => this.time;
  random = (): number => this.chance;
  newKey = (): string => `key-${String(++this.ids).padStart(16, '0')}`;
  defer = (run: () => void): void => run();

  setTimeout = (run: () => void, ms: number): Timer => {
    this.timers.push({ at: this.time + ms, run, id: ++this.ids });
    return this.ids as unknown as Timer;
  };

  clearTimeout = (timer: Timer | undefined): void => {
    this.timers = this.timers.filter(({ id }) => id !== (timer as unknown as number));
  };

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  /** Open the newest socket and let the hub accept hello. */
  accept(more: Record<string, unknown> = {}): FakeSocket {
    const { socket } = this;
    socket.open();
    socket.say({ ...READY, ...more });
    return socket;
  }

  pass(ms: number): void {
    const until = this.time + ms;
    for (let due = this.next(until); due !== undefined; due = this.next(until)) {
      this.timers = this.timers.filter((timer) => timer !== due);
      this.time = due.at;
      due.run();
    }
    this.time = until;
  }

  private next(until: number): { at: number; run: () => void; id: number } | undefined {
    return this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  }
}
