import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { HubSession } from 'iris-hub-client';

/** What everybody may see: the way in, and why the last session ended. */
@Component({
  selector: 'clinic-sign-in',
  imports: [MatButton],
  template: `
    <main class="card">
      <img src="icon.svg" alt="" width="64" height="64" />
      <h1>Brightwell Clinic</h1>
      @if (session.endReason()) {
        <p role="status" class="end">{{ session.endDetail() ?? 'Your session has ended.' }}</p>
      }
      <p>Log in to see your patients. You will be sent to the clinic's login page and come back here.</p>
      <button matButton="filled" type="button" (click)="session.login()">Log in</button>
    </main>
  `,
  styleUrl: './sign-in.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SignIn {
  protected readonly session = inject(HubSession);
}
