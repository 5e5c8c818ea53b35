import { DestroyRef, Injector, type Signal, assertInInjectionContext, computed, inject, signal } from '@angular/core';
import { takeUntilDestroyed, toObservable } from '@angular/core/rxjs-interop';
import type { HubError } from 'iris-hub-client/core';
import { EMPTY, type Observable, catchError, of, switchMap } from 'rxjs';
import { HubConnection } from './connection';
import type { EventOf } from './topic-events';

/** What a topic has led to. */
export interface TopicSignal<Value> extends Signal<Value> {
  /** Why the hub refuses the topic, such as for a user who may not subscribe to it; no event will come. Null: it does not. */
  readonly error: Signal<HubError | null>;
}

export interface TopicSignalOptions {
  /** Needed outside of an injection context. The subscription ends with it. */
  injector?: Injector;
}

export interface TopicReducer<Events, Value> extends TopicSignalOptions {
  /** The value before the first event, and after the name of the topic has changed. */
  initial: Value;
  /** Return the value after an event. `gap` means that events were missed. */
  reduce: (value: Value, event: EventOf<Events>) => Value;
}

/** The name of a topic, or a signal of it; with undefined nothing is subscribed to. */
export type TopicName = string | (() => string | undefined);

/** Return the latest event of a topic as a signal; null before the first. The subscription ends with the component or service. */
export function topicSignal<Events = Record<string, unknown>>(
  name: TopicName,
  options?: TopicSignalOptions,
): TopicSignal<EventOf<Events> | null>;
/** Return what the events of a topic lead to, one after the other, as a signal. */
export function topicSignal<Events, Value>(name: TopicName, options: TopicReducer<Events, Value>): TopicSignal<Value>;
export function topicSignal<Events, Value>(
  name: TopicName,
  options: TopicSignalOptions & Partial<TopicReducer<Events, Value>> = {},
): TopicSignal<Value | EventOf<Events> | null> {
  if (options.injector === undefined) assertInInjectionContext(topicSignal);
  const injector = options.injector ?? inject(Injector);
  const { initial = null, reduce = (_value: Value, event: EventOf<Events>) => event } = options;
  const value = signal<Value | EventOf<Events> | null>(initial);
  const error = signal<HubError | null>(null);
  const connection = injector.get(HubConnection);
  const events = (topic: string | undefined): Observable<EventOf<Events>> => {
    value.set(initial);
    error.set(null);
    if (topic === undefined) return EMPTY;
    return connection.topic<Events>(topic).pipe(catchError((refusal: HubError) => (error.set(refusal), EMPTY)));
  };
  (typeof name === 'string' ? of(name) : toObservable(computed(name), { injector }))
    .pipe(switchMap(events), takeUntilDestroyed(injector.get(DestroyRef)))
    .subscribe((event) => value.update((before) => reduce(before as Value, event)));
  return Object.assign(value.asReadonly(), { error: error.asReadonly() });
}
