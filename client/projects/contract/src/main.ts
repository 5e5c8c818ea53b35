/** Runs every behavior on every backend by itself, and reports to the API: no driver is needed, so that every browser will do. */

import { provideHttpClient } from '@angular/common/http';
import {
  Component,
  EnvironmentInjector,
  inject,
  provideZonelessChangeDetection,
  runInInjectionContext,
  signal,
} from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { HUB, provideHub } from 'iris-hub-client';
import { BACKENDS, clients } from './backends';
import { AREAS } from './behaviors';
import type { Outcome } from './outcome';
import { observe } from './runner';

interface Row {
  id: string;
  title: string;
  area: string;
  outcomes: Record<string, Outcome>;
}

@Component({ selector: 'contract-root', template: '{{ says() }}' })
class Contract {
  private readonly injector = inject(EnvironmentInjector);
  private readonly hub = inject(HUB)!;
  protected readonly says = signal('waiting for the channel');

  constructor() {
    this.hub.channelStatus.listen(({ state }) => {
      if (state === 'open' && this.says() === 'waiting for the channel')
        this.run().catch((error) => this.report({ failed: `${error}` }));
    });
  }

  private async run(): Promise<void> {
    const backends = runInInjectionContext(this.injector, clients);
    const rows: Row[] = [];
    for (const { name, behaviors } of AREAS) {
      for (const behavior of behaviors) {
        this.says.set(behavior.id);
        const outcomes: Record<string, Outcome> = {};
        for (const backend of BACKENDS) {
          if (backend === 'channel') this.requireChannel();
          outcomes[backend] = await observe(backends[backend], behavior, `${behavior.id}.${backend}`);
        }
        rows.push({ id: behavior.id, title: behavior.title, area: name, outcomes });
      }
    }
    await this.report(rows);
    this.says.set('reported');
  }

  /** What cannot go over the channel goes over HTTP by itself; a channel that is not open would hide everything. */
  private requireChannel(): void {
    if (this.hub.trafficNow.transport !== 'channel') throw new Error(`The channel was closed by ${this.says()}, or before.`);
  }

  private async report(what: Row[] | { failed: string }): Promise<void> {
    await fetch('/open/report', { method: 'POST', headers: { 'X-Hub-CSRF': '1' }, body: JSON.stringify(what) });
  }
}

bootstrapApplication(Contract, {
  providers: [provideZonelessChangeDetection(), provideHttpClient(), provideHub({ routes: ['/api'], client: 'contract' })],
}).catch((error: unknown) => console.error(error));
