import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle } from '@angular/material/dialog';
import { HubSession } from 'iris-hub-client';

/** Says that the session is about to end: by silence, which a click prevents, or in any case. */
@Component({
  selector: 'clinic-expiry-dialog',
  imports: [MatButton, MatDialogActions, MatDialogClose, MatDialogContent, MatDialogTitle],
  template: `
    @if (session.expiring() === 'absolute') {
      <h2 mat-dialog-title>Save your work</h2>
      <mat-dialog-content
        >Your session ends in {{ session.absoluteExpiresIn() }} s. Then you have to log in again.</mat-dialog-content
      >
      <mat-dialog-actions align="end"
        ><button matButton="filled" type="button" mat-dialog-close>Understood</button></mat-dialog-actions
      >
    } @else {
      <h2 mat-dialog-title>Are you still there?</h2>
      <mat-dialog-content
        >You will be logged out in {{ session.idleExpiresIn() }} s, because nothing has happened for a while.</mat-dialog-content
      >
      <mat-dialog-actions align="end">
        <button matButton type="button" (click)="session.logout()">Log out</button>
        <button matButton="filled" type="button" (click)="session.stay()">Stay logged in</button>
      </mat-dialog-actions>
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ExpiryDialog {
  protected readonly session = inject(HubSession);
}
