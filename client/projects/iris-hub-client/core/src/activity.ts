import type { Timer, World } from './world';

const REPORT_MS = 60_000;

/** What a user does in a page: they type, click or touch. */
export const ACTIVITY_EVENTS = ['keydown', 'pointerdown'] as const;

/**
 * Tells the hub that the user is active although the page sends no request. Without this, somebody who types a long text would be
 * logged out in the middle of it. Reports at most once a minute, or twice in what is left of a shorter idle time.
 */
export class Activity {
  private reportedAt = -Infinity;
  private timer: Timer | undefined;

  constructor(
    private readonly world: World,
    private readonly report: () => void,
  ) {}

  /** The user did something now; without a report, the session would end at `idleEndsAt`. Scripts cannot make such events. */
  noticed(event: Event, idleEndsAt: number): void {
    if (!event.isTrusted || document.hidden || this.timer !== undefined) return;
    const now = this.world.now();
    const wait = Math.min(this.reportedAt + REPORT_MS - now, (idleEndsAt - now) / 2);
    if (wait > 0) this.timer = this.world.setTimeout(() => this.reportNow(), wait);
    else this.reportNow();
  }

  /** The hub has learned of activity by a request of the application. */
  reported(): void {
    this.stop();
    this.reportedAt = this.world.now();
  }

  stop(): void {
    this.world.clearTimeout(this.timer);
    this.timer = undefined;
  }

  private reportNow(): void {
    this.reported();
    this.report();
  }
}
