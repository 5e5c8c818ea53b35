/** The hub in unit tests. Start with `provideHubTesting`. */

export type { HubCall } from './fake-hub';
export { type FakeConnection, type FakeSession, HubTesting, type HubTestingOptions } from './hub-testing';
export { provideHubTesting } from './provide-hub-testing';
