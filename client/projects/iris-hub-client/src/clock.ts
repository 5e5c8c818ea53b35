import { DestroyRef, NgZone, PLATFORM_ID, type Signal, inject, signal } from '@angular/core';
import { isPlatformBrowser } from '@angular/common';

/** Return the milliseconds of the performance clock, anew every second. */
export function ticking(): Signal<number> {
  const now = signal(performance.now());
  const zone = inject(NgZone);
  if (isPlatformBrowser(inject(PLATFORM_ID))) {
    const tick = (): void => zone.run(() => now.set(performance.now()));
    const timer = zone.runOutsideAngular(() => setInterval(tick, 1000));
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }
  return now.asReadonly();
}
