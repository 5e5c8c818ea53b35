import { ChangeDetectionStrategy, Component, effect, inject } from '@angular/core';
import { MatDialog } from '@angular/material/dialog';
import { HubSession } from 'iris-hub-client';
import { ExpiryDialog } from './shell/expiry-dialog';
import { Shell } from './shell/shell';
import { SignIn } from './sign-in/sign-in';
import { Unavailable } from './sign-in/unavailable';

/** Shows the application to users who are logged in, and to nobody else: what is private leaves the page with the session. */
@Component({
  selector: 'clinic-root',
  imports: [Shell, SignIn, Unavailable],
  template: `
    @switch (session.state()) {
      @case ('authenticated') {
        <clinic-shell />
      }
      @case ('anonymous') {
        <clinic-sign-in />
      }
      @case ('unavailable') {
        <clinic-unavailable />
      }
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class App {
  protected readonly session = inject(HubSession);

  constructor() {
    const dialogs = inject(MatDialog);
    effect(() => {
      const isExpiring = this.session.authenticated() && this.session.expiring() !== null;
      dialogs.closeAll();
      if (isExpiring) dialogs.open(ExpiryDialog, { disableClose: true });
    });
  }
}
