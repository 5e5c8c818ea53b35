import { Emitter } from './emitter';
import { HubError } from './errors';
import { proof } from './page';
import type { EventMessage, Problem } from './wire';
import type { Timer, World } from './world';

export interface HubUser {
  /** Names the user over all providers, by a hash. */
  identity: string;
  subject: string;
  name: string;
  claims: Record<string, unknown>;
}

export interface SessionEntry {
  handle: string;
  provider: string;
  client: string;
  address: string;
  /** Seconds, as all times here. */
  age: number;
  inactive_for: number;
  idle_expires_in: number;
  absolute_expires_in: number;
  current: boolean;
}

/** What is known of the session; times are those of `World.now`, in milliseconds. */
export interface SessionStatus {
  state: 'unknown' | 'authenticated' | 'anonymous' | 'unavailable';
  user: HubUser | null;
  endReason: string | null;
  endDetail: string | null;
  idleEndsAt: number | null;
  absoluteEndsAt: number | null;
  tokenEndsAt: number | null;
  /** Warn the user: by silence (`idle`), so that any activity prevents the end, or in any case (`absolute`). */
  expiring: 'idle' | 'absolute' | null;
  /** How many new access tokens this page has seen come. */
  refreshes: number;
  /** Another user has logged in in this browser than the one for whom the page was loaded. */
  identityChanged: boolean;
}

interface SessionAnswer {
  authenticated: boolean;
  identity: string;
  subject: string;
  name: string;
  claims: Record<string, unknown>;
  idle_expires_in: number;
  absolute_expires_in: number;
  warning_in: number | null;
  token_expires_in: number | null;
  reason?: string;
  detail?: string;
}

export const UNKNOWN: SessionStatus = {
  state: 'unknown',
  user: null,
  endReason: null,
  endDetail: null,
  idleEndsAt: null,
  absoluteEndsAt: null,
  tokenEndsAt: null,
  expiring: null,
  refreshes: 0,
  identityChanged: false,
};

const TIMEOUT_MS = 15_000; // of a question to the hub: guards wait for the response

/** Who is logged in, for how long, and the way out. */
export class Session {
  readonly changes = new Emitter<SessionStatus>();
  status: SessionStatus = UNKNOWN;
  private warning: Timer | undefined;
  private asked = 0;

  constructor(private readonly world: World) {}

  /** For whom this page speaks; empty before the login. */
  get identity(): string {
    return this.status.user?.identity ?? '';
  }

  /** Ask the hub. `active` counts as activity of the user and restarts the idle time. */
  async check({ active = false } = {}): Promise<void> {
    const question = ++this.asked;
    let answer: SessionAnswer;
    const aborter = new AbortController();
    const limit = this.world.setTimeout(() => aborter.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(`/hub/session${active ? '' : '?passive=1'}`, { signal: aborter.signal });
      if (!response.ok) throw await problemOf(response);
      answer = (await response.json()) as SessionAnswer;
    } catch {
      if (this.status.state !== 'authenticated') this.change({ state: 'unavailable' });
      return;
    } finally {
      this.world.clearTimeout(limit);
    }
    if (question !== this.asked) return; // a later question knows better
    if (answer.authenticated) this.begin(answer);
    else this.end(answer.reason ?? null, answer.detail ?? null);
  }

  /** Take an event of the channel's topic `session`. */
  take({ name, data }: EventMessage): void {
    const facts = data as { reason?: string; detail?: string; kind?: 'idle' | 'absolute' };
    if (name === 'ended') {
      this.end(facts.reason ?? null, facts.detail ?? null);
    } else if (name === 'expiring') {
      this.change({ expiring: facts.kind ?? 'idle' });
      void this.check();
    } else {
      if (name === 'refreshed') this.change({ refreshes: this.status.refreshes + 1 });
      if (name === 'extended') this.change({ expiring: null });
      void this.check();
    }
  }

  /** The hub says that there is no session any more. */
  end(reason: string | null, detail: string | null): void {
    this.world.clearTimeout(this.warning);
    const wasIn = this.status.state === 'authenticated';
    const { endReason, endDetail } = this.status;
    this.change({
      ...UNKNOWN,
      state: 'anonymous',
      endReason: reason ?? (wasIn ? 'ended' : endReason),
      endDetail: detail ?? (wasIn || reason !== endReason ? null : endDetail),
    });
  }

  /** End the session; return where to go on, which may be the provider's own logout page. */
  async logOut({ everywhere = false } = {}): Promise<string> {
    const response = await fetch(`/hub/logout${everywhere ? '?everywhere=1' : ''}`, {
      method: 'POST',
      headers: proof(this.identity),
    });
    if (!response.ok) throw await problemOf(response);
    return ((await response.json()) as { redirect_to: string }).redirect_to;
  }

  /** Ask where the user is logged in. Does not count as activity. */
  async list(): Promise<SessionEntry[]> {
    const response = await fetch('/hub/sessions?passive=1', { headers: proof(this.identity) });
    if (!response.ok) throw await problemOf(response);
    return ((await response.json()) as { sessions: SessionEntry[] }).sessions;
  }

  /** End one of the user's sessions. One that has ended already is as good. */
  async endOther(handle: string): Promise<void> {
    const response = await fetch(`/hub/sessions/${handle}`, { method: 'DELETE', headers: proof(this.identity) });
    if (!response.ok && response.status !== 404) throw await problemOf(response);
  }

  private begin(answer: SessionAnswer): void {
    if (this.status.user !== null && this.status.user.identity !== answer.identity) {
      this.change({ identityChanged: true }); // what this page shows is the former user's
      return;
    }
    const now = this.world.now();
    const isExpiring = answer.warning_in !== null && answer.warning_in <= 0;
    const kind = answer.idle_expires_in < answer.absolute_expires_in ? 'idle' : 'absolute';
    this.change({
      state: 'authenticated',
      user: { identity: answer.identity, subject: answer.subject, name: answer.name, claims: answer.claims },
      endReason: null,
      endDetail: null,
      idleEndsAt: now + answer.idle_expires_in * 1000,
      absoluteEndsAt: now + answer.absolute_expires_in * 1000,
      tokenEndsAt: answer.token_expires_in === null ? null : now + answer.token_expires_in * 1000,
      expiring: isExpiring ? kind : null,
    });
    this.world.clearTimeout(this.warning);
    const next = isExpiring ? Math.min(answer.idle_expires_in, answer.absolute_expires_in) + 0.5 : answer.warning_in;
    if (next !== null) this.warning = this.world.setTimeout(() => void this.check(), next * 1000 + 50);
  }

  private change(changes: Partial<SessionStatus>): void {
    this.status = { ...this.status, ...changes };
    this.changes.emit(this.status);
  }
}

async function problemOf(response: Response): Promise<HubError> {
  const fallback: Problem = { title: `The hub answered ${response.status}.`, status: response.status };
  const problem = (await response.json().catch(() => fallback)) as Problem;
  return new HubError(problem, 'never');
}
