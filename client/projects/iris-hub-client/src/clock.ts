import { DestroyRef, PLATFORM_ID, type Signal, inject, signal } from '@angular/core';
import { isPlatformBrowser } from '@angular/common';

/** Return the milliseconds of the performance clock, anew every second. */
export function ticking(): Signal<number> {
  const now = signal(performance.now());
  if (isPlatformBrowser(inject(PLATFORM_ID))) {
    const timer = setInterval(() => now.set(performance.now()), 1000);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }
  return now.asReadonly();
}
