import { isPlatformBrowser } from '@angular/common';
import { DestroyRef, InjectionToken, PLATFORM_ID, inject } from '@angular/core';
import { Hub, type HubOptions } from 'iris-hub-client/core';

export const HUB_OPTIONS = new InjectionToken<HubOptions>('HUB_OPTIONS', { factory: () => ({}) });

/** The hub's client; null where there is no browser (server-side rendering, prerendering). */
export const HUB = new InjectionToken<Hub | null>('HUB', {
  factory: () => {
    if (!isPlatformBrowser(inject(PLATFORM_ID))) return null;
    const hub = new Hub(inject(HUB_OPTIONS));
    inject(DestroyRef).onDestroy(() => hub.stop());
    return hub;
  },
});
