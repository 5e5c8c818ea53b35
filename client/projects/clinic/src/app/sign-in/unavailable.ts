import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { HubSession } from 'iris-hub-client';

/** The hub does not answer, so that nobody knows who is logged in. */
@Component({
  selector: 'clinic-unavailable',
  imports: [MatButton],
  template: `
    <main class="card">
      <h1>The clinic cannot be reached</h1>
      <p>The server does not answer at the moment. Nothing is lost, and you may still be logged in.</p>
      <button matButton="filled" type="button" (click)="session.check()">Try again</button>
    </main>
  `,
  styleUrl: './sign-in.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Unavailable {
  protected readonly session = inject(HubSession);
}
