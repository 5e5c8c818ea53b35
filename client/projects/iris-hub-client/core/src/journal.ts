import type { Transport } from './answer';
import { Emitter } from './emitter';

const MOST = 500;

/** One line of the log. Holds no query, no body and no header: it may go into a bug report. */
export interface LogEntry {
  /** Epoch milliseconds. */
  at: number;
  kind: 'call' | 'channel' | 'session' | 'topic';
  text: string;
  ms?: number;
  status?: number;
  transport?: Transport;
  replayed?: boolean;
  /** Milliseconds in the hub's queue, and until the API began to answer. */
  queueMs?: number;
  upstreamMs?: number;
  bad?: boolean;
}

/** What happened, newest last: DevTools shows one socket only. Calls are User Timing measures too. */
export class Journal {
  readonly changes = new Emitter<readonly LogEntry[]>();
  entries: readonly LogEntry[] = [];

  add(entry: Omit<LogEntry, 'at'>): void {
    this.entries = [...this.entries.slice(-(MOST - 1)), { at: Date.now(), ...entry }];
    this.changes.emit(this.entries);
  }

  /** Note a call that began at `start` of the performance clock. */
  call(name: string, start: number, entry: Partial<LogEntry>): void {
    const end = performance.now();
    performance.measure?.(`hub ${name}`, { start, end, detail: { status: entry.status, transport: entry.transport } });
    performance.clearMeasures?.(`hub ${name}`); // recordings and observers have it; the page need not keep it
    this.add({ kind: 'call', text: name, ms: Math.round(end - start), ...entry });
  }

  clear(): void {
    this.entries = [];
    this.changes.emit(this.entries);
  }

  export(): string {
    return JSON.stringify({ page: location.origin, browser: navigator.userAgent, entries: this.entries }, null, 2);
  }
}
