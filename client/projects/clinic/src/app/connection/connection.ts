import { DatePipe } from '@angular/common';
import { HttpClient, HttpContext } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { HUB_MODE, HubConnection, HubSession, type Mode } from 'iris-hub-client';
import { type Subscription, firstValueFrom } from 'rxjs';
import { Failure } from '../shell/failure';

const SHOWN = 50;

/** How the page reaches the server, and what happened: DevTools shows one socket only. */
@Component({
  selector: 'clinic-connection',
  imports: [DatePipe, Failure, MatButton],
  templateUrl: './connection.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Connection {
  protected readonly connection = inject(HubConnection);
  protected readonly session = inject(HubSession);
  protected readonly lines = computed(() => this.connection.log().slice(-SHOWN).reverse());
  protected readonly mode = signal<Mode>('auto');
  protected readonly result = signal('');
  protected readonly error = signal<unknown>(null);
  protected readonly slow = signal<Subscription | null>(null);
  private readonly http = inject(HttpClient);

  protected choose(event: Event): void {
    this.mode.set((event.target as HTMLSelectElement).value as Mode);
  }

  protected async callTen(): Promise<void> {
    this.error.set(null);
    const begun = performance.now();
    try {
      await Promise.all(
        Array.from({ length: 10 }, (_, at) => firstValueFrom(this.http.get(`/api/patients/${at + 1}`, this.options))),
      );
      this.result.set(`Ten answers in ${Math.round(performance.now() - begun)} ms.`);
    } catch (error) {
      this.error.set(error);
    }
  }

  protected callSlow(): void {
    this.error.set(null);
    this.result.set('Waiting for a slow answer.');
    const call = this.http.get('/api/slow?seconds=10', this.options).subscribe({
      next: () => this.result.set('The slow answer has come.'),
      error: (error: unknown) => this.error.set(error),
    });
    call.add(() => this.slow.set(null));
    this.slow.set(call);
  }

  protected cancel(): void {
    this.slow()?.unsubscribe();
    this.result.set('Cancelled; the API was told.');
  }

  protected exportLog(): void {
    const url = URL.createObjectURL(new Blob([this.connection.exportLog()], { type: 'application/json' }));
    const link = Object.assign(document.createElement('a'), { href: url, download: 'hub-log.json' });
    link.click();
    URL.revokeObjectURL(url);
  }

  private get options(): { context: HttpContext } {
    return { context: new HttpContext().set(HUB_MODE, this.mode()) };
  }
}
