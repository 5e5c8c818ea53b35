/** The hub in Angular. Start with `provideHub`. */

export { HubBackend } from './backend';
export { HubConnection } from './connection';
export { HUB_KEY, HUB_MODE, HUB_PASSIVE, HUB_PRIORITY, HUB_REVALIDATE, HUB_TIMEOUT } from './context';
export { type RefusalOptions, authenticatedGuard, authenticatedOr, claimGuard } from './guards';
export { HubInterceptor, hubInterceptor } from './interceptor';
export { HUB } from './hub';
export { HubHttpError } from './hub-http-error';
export { provideHub } from './provide-hub';
export { HubSession } from './session';
export type { EventOf } from './topic-events';
export { type TopicName, type TopicReducer, type TopicSignal, type TopicSignalOptions, topicSignal } from './topic-signal';
export type {
  ChannelState,
  HubOptions,
  HubUser,
  LogEntry,
  LoginOptions,
  Mode,
  Priority,
  Problem,
  Processed,
  SessionEntry,
  TopicEvent,
  Transport,
} from 'iris-hub-client/core';
export { HubError, admitServiceWorker } from 'iris-hub-client/core';
