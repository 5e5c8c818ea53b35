import type { TopicEvent } from 'iris-hub-client/core';

/** An event of a topic. `Events` names the type of the data for each name of an event: `{ admitted: Patient; discharged: { id: number } }`. */
export type EventOf<Events> =
  | { [Name in keyof Events & string]: Omit<TopicEvent, 'name' | 'data'> & { name: Name; data: Events[Name] } }[keyof Events &
      string]
  | (TopicEvent & { name: 'gap' });
