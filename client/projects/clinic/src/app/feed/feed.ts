import { DatePipe } from '@angular/common';
import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { RouterLink } from '@angular/router';
import { HubConnection, type TopicEvent } from 'iris-hub-client';
import type { PatientNews } from '../api/clinic-api';

const MOST = 50;

interface Line {
  key: string;
  at: Date;
  news: PatientNews | null;
  removed: boolean;
}

/** What everybody in the clinic does to the patients, as it happens. */
@Component({
  selector: 'clinic-feed',
  imports: [DatePipe, RouterLink],
  template: `
    <h1 tabindex="-1">Live feed</h1>
    <section class="card" aria-live="polite">
      <ul>
        @for (line of lines(); track line.key) {
          <li>
            <span class="quiet">{{ line.at | date: 'mediumTime' }}</span>
            @if (line.news; as news) {
              {{ news.by }} has {{ line.removed ? 'removed' : 'changed' }}
              @if (line.removed) {
                patient {{ news.id }}
              } @else {
                <a [routerLink]="['/patients', news.id]">{{ news.given_name }} {{ news.family_name }}</a>
              }
            } @else {
              Some changes were missed. Look at the patients anew.
            }
          </li>
        } @empty {
          <li class="quiet">{{ refused() || 'Nothing has happened yet. Change a patient, here or in another browser.' }}</li>
        }
      </ul>
    </section>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Feed {
  protected readonly lines = signal<Line[]>([]);
  protected readonly refused = signal('');
  private count = 0;

  constructor() {
    inject(HubConnection)
      .topic('patients')
      .pipe(takeUntilDestroyed())
      .subscribe({ next: (event) => this.add(event), error: () => this.refused.set('There is no feed for you.') });
  }

  private add({ name, data, id }: TopicEvent): void {
    const news = name === 'gap' ? null : (data as PatientNews);
    const line = { key: id ?? `gap-${++this.count}`, at: new Date(), news, removed: name === 'removed' };
    this.lines.update((lines) => [line, ...lines].slice(0, MOST));
  }
}
