import { DatePipe } from '@angular/common';
import { httpResource } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { HubSession } from 'iris-hub-client';
import type { Appointments, PatientPage } from '../api/clinic-api';
import { Failure } from '../shell/failure';

/** The first page: what the day brings. Its requests travel together, over one connection. */
@Component({
  selector: 'clinic-dashboard',
  imports: [DatePipe, Failure, RouterLink],
  templateUrl: './dashboard.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Dashboard {
  protected readonly session = inject(HubSession);
  protected readonly patients = httpResource<PatientPage>(() => '/api/patients?size=100');
  protected readonly appointments = httpResource<Appointments>(() => '/api/appointments');
  protected readonly next = computed(() => (this.appointments.hasValue() ? this.appointments.value().items.slice(0, 6) : []));
  private readonly names = computed(() => {
    const items = this.patients.hasValue() ? this.patients.value().items : [];
    return new Map(items.map((patient) => [patient.id, `${patient.given_name} ${patient.family_name}`]));
  });

  protected nameOf(id: number): string {
    return this.names().get(id) ?? `Patient ${id}`;
  }
}
