import { type EnvironmentProviders, inject, makeEnvironmentProviders } from '@angular/core';
import { HUB } from 'iris-hub-client';
import type { Hub } from 'iris-hub-client/core';
import { HUB_TESTING_OPTIONS, HubTesting, type HubTestingOptions } from './hub-testing';

/**
 * Take the place of the hub in unit tests: no request leaves, and `HubTesting` sets session, topics and connection.
 *
 * To be named after `provideHub()`, if that is there. Requests of `HttpClient` are those of `provideHttpClientTesting()`.
 */
export function provideHubTesting(options: HubTestingOptions = {}): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: HUB_TESTING_OPTIONS, useValue: options },
    { provide: HUB, useFactory: () => inject(HubTesting).hub as unknown as Hub }, // Hub has private members too
  ]);
}
