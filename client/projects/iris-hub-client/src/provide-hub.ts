import { FetchBackend, HttpBackend, HttpXhrBackend } from '@angular/common/http';
import {
  ENVIRONMENT_INITIALIZER,
  type EnvironmentProviders,
  NgZone,
  inject,
  isDevMode,
  makeEnvironmentProviders,
} from '@angular/core';
import type { HubOptions } from 'iris-hub-client/core';
import { HubBackend } from './backend';
import { HUB, HUB_OPTIONS } from './hub';

/**
 * Send what `HttpClient` asks of the hub's routes over the channel. To be named after `provideHttpClient(...)`; interceptors, XSRF,
 * `httpResource` and `provideHttpClientTesting()` work as before.
 */
export function provideHub(options: HubOptions = {}): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: HUB_OPTIONS, useValue: options },
    { provide: HttpBackend, useExisting: HubBackend },
    { provide: ENVIRONMENT_INITIALIZER, useValue: start, multi: true }, // provideEnvironmentInitializer is of Angular 19
  ]);
}

function start(): void {
  const hub = inject(HUB);
  void inject(NgZone).runOutsideAngular(() => hub?.start());
  if (isDevMode() && hub !== null) warnOfOrder(inject(HttpBackend));
}

/** The last provider of `HttpBackend` wins. Angular's own backends send no proof of origin, so that the hub answers 403. */
function warnOfOrder(backend: HttpBackend): void {
  if (backend instanceof HttpXhrBackend || backend instanceof FetchBackend)
    console.warn('provideHub() has no effect on HttpClient: name it after provideHttpClient() in the providers.');
}
