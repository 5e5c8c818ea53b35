import { HttpClient } from '@angular/common/http';
import { Component } from '@angular/core';
import { Observable, of } from 'rxjs';
import { catchError, map, switchMap } from 'rxjs/operators';
import { HubSession } from '../hub';

interface Patient {
  id: number;
  family_name: string;
}

@Component({
  selector: 'ward-patients',
  template: `
    <mat-card>
      <div class="note" [innerHTML]="note"></div>
      <ul>
        <li *ngFor="let patient of patients | async">{{ patient.family_name }}</li>
      </ul>
      <mat-form-field>
        <mat-select placeholder="Ward" (selectionChange)="ward = $event.value">
          <mat-option *ngFor="let name of ['North', 'South']" [value]="name">{{ name }}</mat-option>
        </mat-select>
      </mat-form-field>
      <p role="status">{{ ward }}</p>
      <button mat-button (click)="create()">New patient</button>
      <p role="alert">{{ created }}</p>
    </mat-card>
  `,
  styles: [
    `
      .note {
        color: rgb(1, 2, 3);
      }
    `,
  ],
})
export class PatientsComponent {
  readonly note = 'A <b>bold</b> note';
  readonly patients: Observable<Patient[]>;
  ward = '';
  created = '';

  constructor(private readonly http: HttpClient, session: HubSession) {
    this.patients = session.status.pipe(switchMap(({ user }) => (user === null ? of([]) : this.list())));
  }

  create(): void {
    const patient = { family_name: 'Newcomb', given_name: 'Ada', birth_date: '1980-01-01', town: 'Ely' };
    this.http.post('/api/patients', patient, { observe: 'response' }).subscribe(
      ({ status }) => (this.created = 'Created with ' + status),
      (error) => (this.created = 'Failed with ' + error.status),
    );
  }

  private list(): Observable<Patient[]> {
    return this.http.get<{ items: Patient[] }>('/api/patients').pipe(
      map(({ items }) => items),
      catchError(() => of([])),
    );
  }
}
