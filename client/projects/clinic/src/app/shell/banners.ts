import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { HubConnection, HubSession } from 'iris-hub-client';

/** What users have to know about the connection and their session, whatever page they are on. */
@Component({
  selector: 'clinic-banners',
  imports: [MatButton],
  template: `
    <div aria-live="polite">
      @if (!connection.online()) {
        <p>You are offline. What you see may be old; changes go out when the network is back.</p>
      } @else if (connection.degraded()) {
        <p>The server has trouble with its sessions. You can work on for a moment; do not log out.</p>
      }
      @if (session.identityChanged()) {
        <p>
          Another user has logged in in this browser. This page still shows the data of {{ session.user()?.name }}.
          <button matButton type="button" (click)="reload()">Load the page anew</button>
        </p>
      }
    </div>
  `,
  styleUrl: './banners.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Banners {
  protected readonly connection = inject(HubConnection);
  protected readonly session = inject(HubSession);

  protected reload(): void {
    location.reload();
  }
}
