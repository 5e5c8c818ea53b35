/** What the tabs of a browser say to the one that listens to the hub for all of them, and what that one says. */

import type { EventMessage, Problem } from './wire';

export type Position = string;

/** A topic, the position of its last event that a tab has got, and whether the tab waits for the leader to confirm that. */
export type WantedTopic = [topic: string, after: Position | undefined, isNew: boolean];

/** From a tab to the leader. `topics` null: the tab needs no events any more. */
export interface TabPushMessage {
  kind: 'wanted';
  tab: string;
  topics: WantedTopic[] | null;
}

/** From the leader to all tabs. */
export type LeaderPushMessage =
  /** There is another leader: say what you want, and believe no other one. */
  | { kind: 'leading' }
  /** A sign of life, and whether events arrive. `isDoubtful`: look what has become of the session; its events may have been missed. */
  | { kind: 'alive'; isOpen: boolean; isDoubtful: boolean }
  | { kind: 'event'; event: EventMessage }
  /** From now on, all events of a topic behind a position come. */
  | { kind: 'subscribed'; topic: string; after: Position }
  | { kind: 'refused'; topic: string; problem: Problem };

export type PushMessage = TabPushMessage | (LeaderPushMessage & { leader: string });

/** Three heartbeats: a tab that is silent for so long has crashed, or is frozen. */
export const SILENCE_MS = 90_000;

/** Tell whether a position in the history of a topic is later than another one. */
export function isLater(position: Position, other: Position): boolean {
  return order(position) > order(other);
}

function order(position: Position): bigint {
  const [time, sequence] = position.split('-');
  return (BigInt(time) << 64n) + BigInt(sequence);
}
