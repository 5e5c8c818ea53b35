import { ChangeDetectionStrategy, Component, inject, resource, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { HubSession } from 'iris-hub-client';
import { Failure } from '../shell/failure';

/** Where the user is logged in, and the way to end what they do not know. */
@Component({
  selector: 'clinic-sessions',
  imports: [Failure, MatButton],
  templateUrl: './sessions.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Sessions {
  protected readonly session = inject(HubSession);
  protected readonly list = resource({ loader: () => this.session.sessions() });
  protected readonly note = signal('');

  protected async end(handle: string): Promise<void> {
    await this.session.endSession(handle);
    this.note.set('That session has ended.');
    this.list.reload();
  }

  protected minutes(seconds: number): string {
    return seconds < 90
      ? `${Math.round(seconds)} s`
      : seconds < 5400
        ? `${Math.round(seconds / 60)} min`
        : `${Math.round(seconds / 3600)} h`;
  }
}
