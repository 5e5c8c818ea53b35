import { Component } from '@angular/core';
import { HubSession } from '../hub';

@Component({
  selector: 'ward-root',
  template: `
    <mat-toolbar color="primary">
      <h1>Ward</h1>
      <ng-container *ngIf="session.status | async as status">
        <button mat-raised-button *ngIf="status.state === 'anonymous'" (click)="session.login()">Log in</button>
        <ng-container *ngIf="status.user as user">
          <span>{{ user.name }}</span>
          <button mat-raised-button (click)="session.logout()">Log out</button>
        </ng-container>
      </ng-container>
    </mat-toolbar>
    <router-outlet></router-outlet>
  `,
  styles: [
    `
      h1 {
        letter-spacing: 3px;
      }
    `,
  ],
})
export class AppComponent {
  constructor(readonly session: HubSession) {}
}
