import { DatePipe } from '@angular/common';
import { HttpClient, HttpErrorResponse, type HttpResponse, httpResource } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, effect, inject, input, linkedSignal, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { firstValueFrom } from 'rxjs';
import type { Appointments, Patient, PatientDraft } from '../api/clinic-api';
import { Failure } from '../shell/failure';
import { Conflict } from './conflict';
import { PatientForm } from './patient-form';

const CHANGED_MEANWHILE = 412;

/** One patient: read, changed, and kept from being overwritten unseen (ETag and If-Match). */
@Component({
  selector: 'clinic-patient-page',
  imports: [Conflict, DatePipe, Failure, PatientForm, RouterLink],
  templateUrl: './patient-page.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class PatientPage {
  readonly id = input.required<string>();
  protected readonly patient = signal<Patient | null>(null);
  protected readonly theirs = signal<Patient | null>(null);
  protected readonly mine = linkedSignal<PatientDraft | null>(() => this.patient());
  protected readonly saved = signal(false);
  protected readonly busy = signal(false);
  protected readonly error = signal<unknown>(null);
  protected readonly appointments = httpResource<Appointments>(() => `/api/appointments?patient=${this.id()}`);
  private readonly http = inject(HttpClient);
  private etag = '';

  constructor() {
    effect(() => {
      this.id();
      void this.load();
    });
  }

  protected async save(draft: PatientDraft): Promise<void> {
    this.mine.set(draft);
    this.saved.set(false);
    await this.attempt(async () => {
      const headers = { 'If-Match': this.etag };
      this.show(await firstValueFrom(this.http.put<Patient>(this.url, draft, { headers, observe: 'response' })));
      this.saved.set(true);
    });
  }

  protected takeTheirs(): void {
    this.patient.set(this.theirs());
    this.theirs.set(null);
  }

  /** Their version was read: saving replaces what the user has seen. */
  protected async overwrite(): Promise<void> {
    this.theirs.set(null);
    await this.save(this.mine() as PatientDraft);
  }

  private get url(): string {
    return `/api/patients/${this.id()}`;
  }

  private async load(): Promise<void> {
    await this.attempt(async () => this.show(await this.read()));
  }

  private read(): Promise<HttpResponse<Patient>> {
    return firstValueFrom(this.http.get<Patient>(this.url, { observe: 'response' }));
  }

  private show(answer: HttpResponse<Patient>): void {
    this.etag = answer.headers.get('ETag') ?? '';
    this.patient.set(answer.body);
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    this.busy.set(true);
    this.error.set(null);
    try {
      await work();
    } catch (error) {
      if (error instanceof HttpErrorResponse && error.status === CHANGED_MEANWHILE) await this.lookAtTheirs();
      else this.error.set(error);
    } finally {
      this.busy.set(false);
    }
  }

  private async lookAtTheirs(): Promise<void> {
    const answer = await this.read();
    this.etag = answer.headers.get('ETag') ?? '';
    this.theirs.set(answer.body);
  }
}
