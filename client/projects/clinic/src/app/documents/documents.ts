import { DecimalPipe } from '@angular/common';
import { HttpClient, HttpContext, HttpEventType } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, DestroyRef, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatProgressBar } from '@angular/material/progress-bar';
import { HUB_PRIORITY } from 'iris-hub-client';
import type { Subscription } from 'rxjs';
import type { Receipt } from '../api/clinic-api';
import { Failure } from '../shell/failure';

/**
 * An upload: the progress tells what has reached the API, and cancelling ends it there.
 *
 * A letter in HTML is shown as the foreign content that it is: fetched, and shown in a sandbox without any permission.
 */
@Component({
  selector: 'clinic-documents',
  imports: [DecimalPipe, Failure, MatButton, MatProgressBar],
  templateUrl: './documents.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Documents {
  protected readonly file = signal<File | null>(null);
  protected readonly percent = signal<number | null>(null);
  protected readonly receipt = signal<Receipt | null>(null);
  protected readonly letter = signal<string | null>(null);
  protected readonly note = signal('');
  protected readonly error = signal<unknown>(null);
  private readonly http = inject(HttpClient);
  private upload: Subscription | null = null;

  constructor() {
    inject(DestroyRef).onDestroy(() => this.upload?.unsubscribe());
  }

  protected choose(event: Event): void {
    this.clear();
    this.file.set((event.target as HTMLInputElement).files?.item(0) ?? null);
  }

  protected send(file: File): void {
    this.clear();
    this.percent.set(0);
    const context = new HttpContext().set(HUB_PRIORITY, 2); // beside what the user does meanwhile
    const headers = { 'Content-Type': file.type || 'application/octet-stream' };
    this.upload = this.http
      .post<Receipt>('/api/documents', file, { context, headers, observe: 'events', reportProgress: true })
      .subscribe({
        next: (event) => {
          if (event.type === HttpEventType.UploadProgress) this.percent.set((100 * event.loaded) / (event.total || 1));
          if (event.type === HttpEventType.Response) this.receipt.set(event.body);
        },
        error: (error: unknown) => this.end(error),
        complete: () => this.end(null),
      });
  }

  protected preview(): void {
    this.http.get('/api/documents', { responseType: 'text' }).subscribe({
      next: (letter) => this.letter.set(letter),
      error: (error: unknown) => this.error.set(error),
    });
  }

  protected cancel(): void {
    this.upload?.unsubscribe();
    this.end(null);
    this.note.set('The upload was cancelled.');
  }

  private end(error: unknown): void {
    this.upload = null;
    this.percent.set(null);
    this.error.set(error);
  }

  private clear(): void {
    this.receipt.set(null);
    this.letter.set(null);
    this.note.set('');
    this.error.set(null);
  }
}
