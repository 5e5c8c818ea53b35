/** The hub's client without a framework. Start with `Hub`. */

export { type Answer, type AnswerBody, type Transport, headersOf, isJson, readAll } from './answer';
export { Call, type CallRequest, type RequestBody } from './call';
export { Channel, type ChannelState, type ChannelStatus, TRANSITIONS } from './channel';
export { type AfterClose, afterClose } from './close-codes';
export { HubError, asksForLogin, hubProblem, retryAfterMs } from './errors';
export { NULL_BODY } from './http';
export { Emitter } from './emitter';
export { Hub, type HubOptions, type HubRequest, type Mode } from './hub';
export type { LogEntry } from './journal';
export { type LoginOptions, csrfToken, loginUrl, proof } from './page';
export { type HubUser, Session, type SessionEntry, type SessionStatus, UNKNOWN } from './session';
export { admitServiceWorker } from './service-worker';
export type { TopicEvent, TopicListener } from './topics';
export type { Priority, Problem, Processed } from './wire';
export { type SocketLike, type World, browserWorld } from './world';
