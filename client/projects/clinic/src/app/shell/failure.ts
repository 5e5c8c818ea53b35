import { HttpErrorResponse } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { HubHttpError } from 'iris-hub-client';

/** Why something did not work, in words for users. */
@Component({
  selector: 'clinic-failure',
  template: `
    @if (text()) {
      <p role="alert" class="bad">{{ text() }}</p>
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Failure {
  readonly error = input<unknown>();
  protected readonly text = computed(() => (this.error() ? textOf(this.error()) : ''));
}

/** Return what a user can make of an error: the hub's problems and the API's own errors carry a text. */
export function textOf(error: unknown): string {
  if (!(error instanceof HttpErrorResponse)) return 'Something went wrong.';
  const facts = error instanceof HubHttpError ? error : null;
  const body = (facts?.problem ?? error.error) as { detail?: string; title?: string; summary?: string } | null;
  const maybe = facts?.processed === 'maybe' ? ' It may have been carried out: look before you repeat it.' : '';
  return `${body?.detail ?? body?.title ?? body?.summary ?? `The server answered ${error.status}.`}${maybe}`;
}
