import { ChangeDetectionStrategy, Component, ElementRef, Injector, afterNextRender, inject, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { MatToolbar } from '@angular/material/toolbar';
import { NavigationEnd, Router, RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { HubSession } from 'iris-hub-client';
import { filter } from 'rxjs';
import { Banners } from './banners';
import { ConnectionChip } from './connection-chip';

const FIRST = 1; // the navigation with which the page was opened moves no focus

/** What surrounds every page: who is logged in, the ways to the pages, and news about the connection. */
@Component({
  selector: 'clinic-shell',
  imports: [Banners, ConnectionChip, MatButton, MatToolbar, RouterLink, RouterLinkActive, RouterOutlet],
  templateUrl: './shell.html',
  styleUrl: './shell.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Shell {
  protected readonly session = inject(HubSession);
  protected readonly isLeaving = signal(false);
  protected readonly problem = signal('');
  protected readonly pages = [
    { path: '/', name: 'Today' },
    { path: '/patients', name: 'Patients' },
    { path: '/documents', name: 'Documents' },
    { path: '/report', name: 'Report' },
    { path: '/feed', name: 'Live feed' },
    { path: '/sessions', name: 'My sessions' },
    { path: '/holdings', name: 'What your browser holds' },
    { path: '/connection', name: 'Connection' },
  ];
  private readonly injector = inject(Injector);
  private readonly element = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;

  constructor() {
    const arrivals = inject(Router).events.pipe(filter((event) => event instanceof NavigationEnd && event.id > FIRST));
    arrivals.pipe(takeUntilDestroyed()).subscribe(() => this.focusHeading());
  }

  protected async logOut(): Promise<void> {
    this.isLeaving.set(true);
    try {
      await this.session.logout();
    } catch {
      this.isLeaving.set(false);
      this.problem.set('Logging out failed. Try again.');
    }
  }

  /** So that a screen reader reads the new page. */
  private focusHeading(): void {
    const focus = (): void => this.element.querySelector<HTMLElement>('main h1')?.focus();
    afterNextRender(focus, { injector: this.injector });
  }
}
