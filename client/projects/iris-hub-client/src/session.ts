import { Injectable, NgZone, type Signal, computed, inject, signal } from '@angular/core';
import {
  type HubUser,
  type LoginOptions,
  type Problem,
  type SessionEntry,
  type SessionStatus,
  UNKNOWN,
} from 'iris-hub-client/core';
import { ticking } from './clock';
import { HUB } from './hub';

/** Who is logged in, for how long, and the ways in and out. */
@Injectable({ providedIn: 'root' })
export class HubSession {
  private readonly hub = inject(HUB);
  private readonly status = signal<SessionStatus>(this.hub?.session.status ?? UNKNOWN);
  private readonly now = ticking();
  private readonly zone = inject(NgZone);

  /** `unknown` until the hub has answered for the first time; `unavailable` if it does not. */
  readonly state = computed(() => this.status().state);
  readonly authenticated = computed(() => this.state() === 'authenticated');
  readonly user: Signal<HubUser | null> = computed(() => this.status().user);
  /** Why the last session ended, as in docs/http-api.md; and the hub's sentence for the user. */
  readonly endReason = computed(() => this.status().endReason);
  readonly endDetail = computed(() => this.status().endDetail);
  /** Whole seconds; null without a session. */
  readonly idleExpiresIn = computed(() => this.secondsTo(this.status().idleEndsAt));
  readonly absoluteExpiresIn = computed(() => this.secondsTo(this.status().absoluteEndsAt));
  readonly tokenExpiresIn = computed(() => this.secondsTo(this.status().tokenEndsAt));
  /** Warn the user now: any activity prevents the end (`idle`), or nothing does (`absolute`). */
  readonly expiring = computed(() => this.status().expiring);
  /** How many new access tokens this page has seen come. */
  readonly refreshes = computed(() => this.status().refreshes);
  /** Another user has logged in in this browser: what the page shows is the former user's, and nothing works until it is loaded anew. */
  readonly identityChanged = computed(() => this.status().identityChanged);

  constructor() {
    this.hub?.session.changes.listen((status) => this.zone.run(() => this.status.set(status)));
  }

  /** Leave the page for the login, and come back to where it is. */
  login(options?: LoginOptions): void {
    this.hub?.login(options);
  }

  /** Log in in a window of its own. With `whenLoggedOut: 'wait'` calls go on afterwards. */
  async loginInPlace(options?: Omit<LoginOptions, 'returnTo'>): Promise<void> {
    await this.hub?.loginInPlace(options);
  }

  /** Answer a problem `step-up-required`: leave for a better login, and come back. */
  stepUp(problem: Problem): void {
    this.hub?.stepUp(problem);
  }

  /** End the session, at the provider too, and leave the page. */
  async logout(options?: { everywhere?: boolean }): Promise<void> {
    await this.hub?.logout(options);
  }

  /** Count as activity of the user: the idle time begins anew. */
  async stay(): Promise<void> {
    await this.look({ active: true });
  }

  /** Ask the hub anew. */
  async check(): Promise<void> {
    await this.look();
  }

  /** Where the user is logged in, the latest first. */
  async sessions(): Promise<SessionEntry[]> {
    return (await this.hub?.session.list()) ?? [];
  }

  async endSession(handle: string): Promise<void> {
    await this.hub?.session.endOther(handle);
  }

  /** A session that is found opens the channel, whose socket is none of the application's. */
  private look(options?: { active: boolean }): Promise<void> | undefined {
    return this.zone.runOutsideAngular(() => this.hub?.session.check(options));
  }

  private secondsTo(at: number | null): number | null {
    return at === null ? null : Math.max(Math.round((at - this.now()) / 1000), 0);
  }
}
