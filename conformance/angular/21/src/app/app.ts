import { Component, inject } from '@angular/core';
import { RouterOutlet } from '@angular/router';
import { HubSession } from 'iris-hub-client';

@Component({
  selector: 'ward-root',
  imports: [RouterOutlet],
  template: `
    <h1 i18n="@@title">Ward</h1>
    <p role="status">{{ session.state() }}</p>
    @if (session.user(); as user) {
      <p>{{ user.name }}</p>
      <button (click)="session.logout()">Log out</button>
    } @else {
      <button (click)="session.login()">Log in</button>
    }
    <router-outlet />
  `,
  styles: `
    h1 {
      letter-spacing: 3px;
    }
  `,
})
export class App {
  protected readonly session = inject(HubSession);
}
