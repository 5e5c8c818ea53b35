/** One request to `/hub/events`: an event stream, or a poll where streams do not get through. */

import { LOST } from './close-codes';
import type { ClientMessage, ServerMessage } from './wire';
import type { Timer, World } from './world';

const READY_TIMEOUT_MS = 10_000;

export interface StreamEvents {
  message(stream: EventStream, message: ServerMessage): void;
  /** Exactly once, unless it was aborted. */
  closed(stream: EventStream): void;
}

export class EventStream {
  /** The close code of the hub. */
  code = LOST;
  /** Of the response; 0 without one. */
  status = 0;
  /** The response has begun, but no message came: something on the way keeps it until its end. */
  isHeldBack = false;
  private readonly controller = new AbortController();
  private silenceMs = READY_TIMEOUT_MS;
  private timer: Timer | undefined;
  private isOver = false;

  /** @param opening `hello` and the subscriptions. */
  constructor(
    opening: readonly ClientMessage[],
    readonly isPoll: boolean,
    private readonly world: World,
    private readonly events: StreamEvents,
  ) {
    this.heard();
    this.run(JSON.stringify(opening))
      .catch(() => undefined) // the network, or an abort: the fields say all that is known
      .then(() => this.close());
  }

  /** Stop; nothing is reported any more. */
  abort(): void {
    this.isOver = true;
    this.world.clearTimeout(this.timer);
    this.controller.abort();
  }

  private async run(body: string): Promise<void> {
    const response = await fetch('/hub/events', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: this.isPoll ? 'application/json' : 'text/event-stream' },
      body,
      signal: this.controller.signal,
    });
    this.status = response.status;
    if (!response.ok) return;
    if (this.isPoll) return this.take(await response.text());
    this.isHeldBack = true; // until the first message
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      const lines = (rest + value).split('\n');
      rest = lines.pop()!;
      for (const line of lines) if (line.startsWith('data:')) this.take(line.slice(5)); // the hub writes one line an event
    }
  }

  /** Take a message, or several in arrays. */
  private take(data: string): void {
    for (const message of [JSON.parse(data)].flat(2) as ServerMessage[]) {
      if (this.isOver) return;
      this.isHeldBack = false;
      if (message.type === 'ready') this.silenceMs = message.heartbeat.interval_ms + message.heartbeat.timeout_ms;
      if (message.type === 'close') this.code = message.code;
      this.heard();
      this.events.message(this, message);
    }
  }

  /** Give up if nothing more comes for too long. */
  private heard(): void {
    this.world.clearTimeout(this.timer);
    this.timer = this.world.setTimeout(() => {
      this.close();
      this.controller.abort();
    }, this.silenceMs);
  }

  private close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.world.clearTimeout(this.timer);
    this.events.closed(this);
  }
}
