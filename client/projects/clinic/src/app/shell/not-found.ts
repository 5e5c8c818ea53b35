import { ChangeDetectionStrategy, Component } from '@angular/core';
import { RouterLink } from '@angular/router';

@Component({
  selector: 'clinic-not-found',
  imports: [RouterLink],
  template: `
    <h1 tabindex="-1">There is no such page</h1>
    <p><a routerLink="/">Go to today's page</a></p>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class NotFound {}
