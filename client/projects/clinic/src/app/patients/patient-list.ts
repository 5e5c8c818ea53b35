import { DatePipe } from '@angular/common';
import { httpResource } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { FormControl, ReactiveFormsModule } from '@angular/forms';
import { MatFormField, MatLabel } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { MatPaginator, type PageEvent } from '@angular/material/paginator';
import { Router, RouterLink } from '@angular/router';
import { debounceTime } from 'rxjs';
import type { PatientPage } from '../api/clinic-api';
import { Failure } from '../shell/failure';

const PAGE_SIZE = 10;
const TYPING_MS = 200;

/** The patients, by page. What is searched for and the page stand in the address, so that it can be kept and sent. */
@Component({
  selector: 'clinic-patient-list',
  imports: [DatePipe, Failure, MatFormField, MatInput, MatLabel, MatPaginator, ReactiveFormsModule, RouterLink],
  templateUrl: './patient-list.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class PatientList {
  /** From the query of the address. */
  readonly q = input<string>();
  readonly page = input<string>();
  protected readonly size = PAGE_SIZE;
  protected readonly index = computed(() => Math.max(Number(this.page() ?? 1), 1) - 1);
  protected readonly patients = httpResource<PatientPage>(() => ({
    url: '/api/patients',
    params: { q: this.q() ?? '', page: this.index() + 1, size: PAGE_SIZE },
  }));
  protected readonly search = new FormControl('', { nonNullable: true });
  private readonly router = inject(Router);

  constructor() {
    this.search.setValue(new URLSearchParams(location.search).get('q') ?? '');
    this.search.valueChanges.pipe(debounceTime(TYPING_MS), takeUntilDestroyed()).subscribe((q) => this.show(q, 1));
  }

  protected turn({ pageIndex }: PageEvent): void {
    this.show(this.q() ?? '', pageIndex + 1);
  }

  private show(q: string, page: number): void {
    const queryParams = { q: q || null, page: page > 1 ? page : null };
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl: true });
  }
}
