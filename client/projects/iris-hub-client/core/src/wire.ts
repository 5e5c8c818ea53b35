/** The messages of `hub.v1`, as docs/channel-protocol.md defines them. Names on the wire are kept. */

export const SUBPROTOCOL = 'hub.v1';

/** What this client understands of the optional parts. Content-encoded answers are left to the hub's HTTP side. */
export const CAPABILITIES = ['resume', 'windows', 'priority', 'progress', 'timing', 'topics', 'drain', 'text'] as const;

export type Processed = 'never' | 'maybe';
export type Verdict = 'joined' | 'done' | 'never' | 'unknown';
export type Priority = 0 | 1 | 2 | 3;
export type WireHeaders = Record<string, string | string[]>;

/** What may be sent at once, and how much; bytes and milliseconds. */
export interface Limits {
  frame: number;
  message: number;
  inline: number;
  headers: number;
  header_fields: number;
  path: number;
  in_flight: number;
  queue: number;
  body: number;
  window: number;
  connection_window: number;
  timeout_ms: number;
}

/** RFC 9457. */
export interface Problem {
  type?: string;
  title?: string;
  status: number;
  detail?: string;
  [member: string]: unknown;
}

export interface HelloMessage {
  type: 'hello';
  csrf: string;
  client?: string;
  capabilities?: readonly string[];
  identity?: string;
  resume?: { pending: [number, string][] };
}

export interface RequestMessage {
  type: 'request';
  id: number;
  method: string;
  path: string;
  headers?: WireHeaders;
  text?: string;
  stream?: number;
  key?: string;
  timeout_ms?: number;
  priority?: Priority;
  progress?: boolean;
  passive?: boolean;
}

export type ClientMessage =
  | HelloMessage
  | RequestMessage
  | { type: 'subscribe'; id: number; topic: string; after?: string }
  | { type: 'unsubscribe'; topic: string }
  | { type: 'cancel'; id: number }
  | { type: 'reset'; id: number; reason?: string }
  | { type: 'window'; id: number; bytes: number }
  | { type: 'ack'; sequence: number }
  | { type: 'ping' | 'pong'; n: number }
  | { type: 'bye' };

export interface ReadyMessage {
  type: 'ready';
  connection: string;
  resumed: boolean;
  pending?: Record<string, Verdict>;
  capabilities: string[];
  heartbeat: { interval_ms: number; timeout_ms: number };
  limits: Limits;
  session: { subject: string; name?: string; identity: string; idle_ms: number; absolute_ms: number };
}

export interface Timing {
  queue: number;
  upstream: number;
}

export interface ResponseMessage {
  type: 'response';
  id: number;
  status: number;
  headers?: WireHeaders;
  body?: unknown;
  text?: string;
  stream?: number;
  timing?: Timing;
  replayed?: boolean;
}

export interface ErrorMessage {
  type: 'error';
  id: number;
  problem: Problem;
  processed: Processed;
  retry_after_ms?: number;
}

export interface EventMessage {
  type: 'event';
  sequence: number;
  topic: string;
  name: string;
  data: unknown;
  id?: string;
}

export type ServerMessage =
  | ReadyMessage
  | ResponseMessage
  | ErrorMessage
  | EventMessage
  | { type: 'reset'; id: number; reason?: string }
  | { type: 'progress'; id: number; accepted: number }
  | { type: 'window'; id: number; bytes: number }
  | { type: 'going_away'; within_ms: number }
  | { type: 'close'; code: number; reason: string } // on an event stream
  | { type: 'ping' | 'pong'; n: number };
