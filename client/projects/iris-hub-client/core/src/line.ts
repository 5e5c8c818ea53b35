import type { Call } from './call';
import { LOST } from './close-codes';
import { Connection } from './connection';
import { type EventMessage, type ReadyMessage, SUBPROTOCOL, CAPABILITIES } from './wire';
import type { SocketLike, Timer, World } from './world';

const READY_TIMEOUT_MS = 10_000;

/** What the page says of itself in `hello`. */
export interface Greeting {
  csrf: string;
  client?: string;
  identity?: string;
}

/** What a line tells its owner; `closed` exactly once. */
export interface LineEvents {
  ready(line: Line, message: ReadyMessage, again: Call[]): void;
  event(line: Line, message: EventMessage): void;
  goingAway(line: Line, withinMs: number): void;
  roundTrip(ms: number): void;
  closed(line: Line, code: number, reason: string, left: Call[]): void;
}

/** One WebSocket with the connection that it carries, and a watch over its signs of life. */
export class Line {
  readonly connection: Connection;
  private readonly socket: SocketLike | null;
  private timer: Timer | undefined;
  private isOver = false;

  /** Dial. Once the socket is open it says hello, and asks for what became of `pending`. */
  constructor(
    url: string,
    greeting: () => Greeting,
    pending: () => Call[] | null,
    private readonly world: World,
    private readonly events: LineEvents,
  ) {
    const socket = (this.socket = this.dial(url));
    const send = (data: string | Uint8Array<ArrayBuffer>): void => {
      if (!this.isOver) socket?.send(data);
    };
    this.connection = new Connection(
      { send, defer: world.defer, now: world.now },
      {
        ready: (message, again) => {
          this.heard();
          events.ready(this, message, again);
        },
        event: (message) => events.event(this, message),
        goingAway: (withinMs) => events.goingAway(this, withinMs),
        roundTrip: (ms) => events.roundTrip(ms),
      },
    );
    if (socket === null) {
      world.setTimeout(() => this.end(LOST, 'This browser opens no WebSocket here.'), 0);
      return;
    }
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.connection.greet({ ...greeting(), capabilities: CAPABILITIES }, pending());
    socket.onmessage = ({ data }) => {
      this.heard();
      this.connection.receive(data);
    };
    socket.onclose = ({ code, reason }) => this.end(code, reason);
    this.timer = world.setTimeout(() => this.abandon('The hub did not get ready in time.'), READY_TIMEOUT_MS);
  }

  /** Open the socket; null if the browser throws at once (Content-Security-Policy, enterprise policies, extensions). */
  private dial(url: string): SocketLike | null {
    try {
      return this.world.dial(url, SUBPROTOCOL);
    } catch {
      return null;
    }
  }

  /** Say goodbye and hang up; calls under way break off. */
  leave(): void {
    if (this.connection.state === 'ready') this.connection.bye();
    this.socket?.close(1000);
    this.end(1000, '');
  }

  /** Give up without waiting for the close handshake of a peer that does not answer. */
  abandon(reason: string): void {
    this.socket?.close();
    this.end(LOST, reason);
  }

  /** Any message is a sign of life. After some silence ask for one; without it the line is dead, whatever TCP thinks. */
  private heard(): void {
    const heartbeat = this.connection.readyMessage?.heartbeat;
    if (heartbeat === undefined || this.isOver) return;
    this.world.clearTimeout(this.timer);
    this.timer = this.world.setTimeout(() => this.askForLife(heartbeat.timeout_ms), heartbeat.interval_ms);
  }

  private askForLife(timeoutMs: number): void {
    this.connection.ping();
    this.timer = this.world.setTimeout(() => this.abandon('No sign of life.'), timeoutMs);
  }

  private end(code: number, reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.world.clearTimeout(this.timer);
    this.events.closed(this, code, reason, this.connection.closed());
  }
}
