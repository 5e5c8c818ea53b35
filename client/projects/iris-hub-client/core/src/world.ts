/** What the client needs of its surroundings, so that tests can bring their own. */

import { type Sharing, browserSharing } from './tabs';

export interface SocketLike {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

export type Timer = ReturnType<typeof setTimeout>;

export interface World {
  /** How tabs find each other; null in a browser in which they cannot. */
  readonly sharing: Sharing | null;
  /** Whether nobody sees this page. */
  isHidden(): boolean;
  /** Open a WebSocket. May throw where a policy or an extension forbids WebSockets. */
  dial(url: string, subprotocol: string): SocketLike;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  random(): number;
  newKey(): string;
  setTimeout(run: () => void, ms: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
  defer(run: () => void): void;
}

/** The browser. */
export const browserWorld: World = {
  get sharing() {
    return browserSharing();
  },
  isHidden: () => document.hidden,
  dial: (url, subprotocol) => new WebSocket(url, subprotocol) as unknown as SocketLike,
  now: () => performance.now(),
  random: () => Math.random(),
  newKey: () => crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(8)).join('.'),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  defer: (run) => queueMicrotask(run),
};
