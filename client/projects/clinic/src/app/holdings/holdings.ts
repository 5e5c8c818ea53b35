import { DecimalPipe } from '@angular/common';
import { httpResource } from '@angular/common/http';
import { ChangeDetectionStrategy, Component, computed, resource } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { Failure } from '../shell/failure';
import { look, lookThroughMemory, tokensIn } from './look';

interface Echo {
  bearer: boolean;
  subject: string;
}

/** Shows that there is no token in this browser, although the API gets one with each request. */
@Component({
  selector: 'clinic-holdings',
  imports: [DecimalPipe, Failure, MatButton],
  templateUrl: './holdings.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Holdings {
  protected readonly found = resource({ loader: look });
  protected readonly memory = resource({ loader: async () => lookThroughMemory() });
  protected readonly tokens = computed(() => (this.found.hasValue() ? tokensIn(this.found.value()) : []));
  protected readonly echo = httpResource<Echo>(() => '/api/echo');
}
