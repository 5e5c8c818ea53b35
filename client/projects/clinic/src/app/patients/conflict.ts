import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { PatientDraft } from '../api/clinic-api';

const FIELDS: [keyof PatientDraft, string][] = [
  ['given_name', 'Given name'],
  ['family_name', 'Family name'],
  ['birth_date', 'Born'],
  ['sex', 'Sex'],
  ['city', 'Town'],
];

/** Somebody else has changed the patient meanwhile: both versions side by side, and the choice. */
@Component({
  selector: 'clinic-conflict',
  imports: [MatButton],
  templateUrl: './conflict.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Conflict {
  readonly theirs = input.required<PatientDraft>();
  readonly mine = input.required<PatientDraft>();
  readonly takeTheirs = output();
  readonly overwrite = output();
  protected readonly rows = computed(() =>
    FIELDS.map(([field, name]) => ({ name, theirs: this.theirs()[field], mine: this.mine()[field] })),
  );
}
