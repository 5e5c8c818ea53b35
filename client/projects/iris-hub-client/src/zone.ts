import { NgZone } from '@angular/core';
import { type World, browserWorld } from 'iris-hub-client/core';
import type { Observer } from 'rxjs';

/**
 * Return a world whose timers and sockets are none of the application's: with zone.js, an application with a pending timer of Angular's zone
 * never becomes stable, and each message of a socket in it looks for changes.
 */
export function worldOutside(zone: NgZone): World {
  return {
    ...browserWorld,
    dial: (...to) => zone.runOutsideAngular(() => browserWorld.dial(...to)),
    setTimeout: (...what) => zone.runOutsideAngular(() => browserWorld.setTimeout(...what)),
    defer: (run) => zone.runOutsideAngular(() => browserWorld.defer(run)),
  };
}

/** Return an observer that is told in Angular's zone if the caller is in it now, as Angular's own backends do. */
export function inZone<T>(zone: NgZone, observer: Observer<T>): Observer<T> {
  if (!NgZone.isInAngularZone()) return observer;
  return {
    next: (value) => zone.run(() => observer.next(value)),
    error: (error) => zone.run(() => observer.error(error)),
    complete: () => zone.run(() => observer.complete()),
  };
}
