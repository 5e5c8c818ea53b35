import { ChangeDetectionStrategy, Component, effect, inject, input, output } from '@angular/core';
import { NonNullableFormBuilder, ReactiveFormsModule, Validators } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatError, MatFormField, MatLabel } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import type { PatientDraft, Sex } from '../api/clinic-api';

const MOST_CHARACTERS = 100;

/** The fields of a patient that may be changed. */
@Component({
  selector: 'clinic-patient-form',
  imports: [MatButton, MatError, MatFormField, MatInput, MatLabel, ReactiveFormsModule],
  templateUrl: './patient-form.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class PatientForm {
  readonly patient = input.required<PatientDraft>();
  readonly busy = input(false);
  readonly save = output<PatientDraft>();
  protected readonly sexes: Sex[] = ['female', 'male', 'other', 'unknown'];
  private readonly fields = inject(NonNullableFormBuilder);
  private readonly text = [Validators.required, Validators.maxLength(MOST_CHARACTERS)];
  protected readonly form = this.fields.group({
    given_name: ['', this.text],
    family_name: ['', this.text],
    birth_date: ['', Validators.required],
    sex: ['unknown' as Sex],
    city: ['', Validators.maxLength(MOST_CHARACTERS)],
  });

  constructor() {
    effect(() => this.form.reset(this.patient()));
  }

  protected submit(): void {
    if (this.form.valid) this.save.emit(this.form.getRawValue());
    else this.form.markAllAsTouched();
  }
}
