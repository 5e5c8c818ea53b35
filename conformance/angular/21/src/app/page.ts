import { httpResource } from '@angular/common/http';
import { Component, inject } from '@angular/core';
import { Router } from '@angular/router';
import { HubSession } from 'iris-hub-client';

interface Patients {
  items: { id: number; family_name: string }[];
}

@Component({
  selector: 'ward-page',
  template: `
    <h2>{{ url }}</h2>
    @if (patients.hasValue()) {
      <ul>
        @for (patient of patients.value().items; track patient.id) {
          <li>{{ patient.family_name }}</li>
        }
      </ul>
    }
  `,
})
export class Page {
  private readonly session = inject(HubSession);
  protected readonly url = inject(Router).url;
  protected readonly patients = httpResource<Patients>(() => (this.session.authenticated() ? '/api/patients' : undefined));
}
