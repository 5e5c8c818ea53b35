import { DestroyRef, Injectable, NgZone, PLATFORM_ID, computed, inject, signal } from '@angular/core';
import { isPlatformBrowser } from '@angular/common';
import type { ChannelStatus, LogEntry, TopicEvent } from 'iris-hub-client/core';
import { NEVER, Observable } from 'rxjs';
import { HUB } from './hub';
import type { EventOf } from './topic-events';
import { inZone } from './zone';

const NONE: ChannelStatus = { state: 'closed', code: null, reason: '', next: null, retryInMs: null };

/** The way to the hub: its state for people, the topics, and the log. */
@Injectable({ providedIn: 'root' })
export class HubConnection {
  private readonly hub = inject(HUB);
  private readonly status = signal(NONE);
  private readonly traffic = signal(
    this.hub?.trafficNow ?? { transport: 'http' as const, inFlight: 0, roundTripMs: null, degraded: false },
  );
  private readonly entries = signal<readonly LogEntry[]>(this.hub?.journal.entries ?? []);
  private readonly isOnline = signal(true);
  private readonly zone = inject(NgZone);

  readonly state = computed(() => this.status().state);
  readonly transport = computed(() => this.traffic().transport);
  /** Milliseconds; null before the first measurement. */
  readonly roundTrip = computed(() => this.traffic().roundTripMs);
  readonly inFlight = computed(() => this.traffic().inFlight);
  readonly retryInMs = computed(() => this.status().retryInMs);
  /** The hub's store does not answer: requests go on for a minute at most, and nobody can log in. */
  readonly degraded = computed(() => this.traffic().degraded);
  /** Whether the browser has a network at all. */
  readonly online = this.isOnline.asReadonly();
  /** What happened, newest last; bounded. */
  readonly log = this.entries.asReadonly();

  constructor() {
    this.hub?.channelStatus.listen((status) => this.zone.run(() => this.status.set(status)));
    this.hub?.traffic.listen((traffic) => this.zone.run(() => this.traffic.set(traffic)));
    this.hub?.journal.changes.listen((entries) => this.zone.run(() => this.entries.set(entries)));
    if (isPlatformBrowser(inject(PLATFORM_ID))) this.watchNetwork();
  }

  /** The log as JSON, for a bug report: without queries, bodies or headers. */
  exportLog(): string {
    return this.hub?.journal.export() ?? '{}';
  }

  /**
   * The events of an application's topic, over all connections; `gap` means: load anew what the topic is about.
   *
   * `Events` names the type of the data for each name of an event. The types are a promise of the publisher: nothing is checked.
   */
  topic(name: string): Observable<TopicEvent>;
  topic<Events>(name: string): Observable<EventOf<Events>>;
  topic(name: string): Observable<TopicEvent> {
    const { hub } = this;
    if (hub === null) return NEVER;
    return new Observable((subscriber) => {
      const observer = inZone(this.zone, subscriber);
      return hub.topic(name, { event: (event) => observer.next(event), refused: (error) => observer.error(error) });
    });
  }

  /** Dial again now. */
  reconnect(): void {
    this.zone.runOutsideAngular(() => this.hub?.reconnect());
  }

  private watchNetwork(): void {
    const look = (): void => this.isOnline.set(navigator.onLine);
    look();
    window.addEventListener('online', look);
    window.addEventListener('offline', look);
    inject(DestroyRef).onDestroy(() => {
      window.removeEventListener('online', look);
      window.removeEventListener('offline', look);
    });
  }
}
