import { DecimalPipe } from '@angular/common';
import { HttpClient, HttpContext, HttpEventType } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, DestroyRef, inject, signal } from '@angular/core';
import { DomSanitizer, type SafeUrl } from '@angular/platform-browser';
import { MatButton } from '@angular/material/button';
import { MatProgressBar } from '@angular/material/progress-bar';
import { HUB_PRIORITY } from 'iris-hub-client';
import type { Subscription } from 'rxjs';
import { Failure } from '../shell/failure';

const BYTES = 50_000_000;

/** A long download, beside which everything else goes on. */
@Component({
  selector: 'clinic-report',
  imports: [DecimalPipe, Failure, MatButton, MatProgressBar],
  templateUrl: './report.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Report {
  protected readonly loaded = signal<number | null>(null);
  protected readonly total = BYTES;
  protected readonly megabytesPerSecond = signal(0);
  protected readonly link = signal<SafeUrl | null>(null);
  protected readonly note = signal('');
  protected readonly error = signal<unknown>(null);
  private readonly http = inject(HttpClient);
  private readonly sanitizer = inject(DomSanitizer);
  private download: Subscription | null = null;
  private url: string | null = null;

  constructor() {
    inject(DestroyRef).onDestroy(() => {
      this.download?.unsubscribe();
      this.forget();
    });
  }

  protected fetch(): void {
    this.forget();
    this.note.set('');
    this.error.set(null);
    this.loaded.set(0);
    const begun = performance.now();
    const context = new HttpContext().set(HUB_PRIORITY, 3);
    const options = { context, observe: 'events', reportProgress: true, responseType: 'blob' } as const;
    this.download = this.http.get(`/api/report?bytes=${BYTES}`, options).subscribe({
      next: (event) => {
        if (event.type === HttpEventType.DownloadProgress) this.show(event.loaded, performance.now() - begun);
        if (event.type === HttpEventType.Response && event.body) this.offer(event.body);
      },
      error: (error: unknown) => this.end(error),
      complete: () => this.end(null),
    });
  }

  protected cancel(): void {
    this.download?.unsubscribe();
    this.end(null);
    this.note.set('The download was cancelled.');
  }

  private show(loaded: number, ms: number): void {
    this.loaded.set(loaded);
    this.megabytesPerSecond.set(loaded / 1000 / Math.max(ms, 1));
  }

  private offer(report: Blob): void {
    this.url = URL.createObjectURL(report);
    this.link.set(this.sanitizer.bypassSecurityTrustUrl(this.url)); // our own object URL
    this.note.set(`${report.size.toLocaleString('en')} bytes have come.`);
  }

  private end(error: unknown): void {
    this.download = null;
    this.loaded.set(null);
    this.error.set(error);
  }

  private forget(): void {
    if (this.url !== null) URL.revokeObjectURL(this.url);
    this.url = null;
    this.link.set(null);
  }
}
