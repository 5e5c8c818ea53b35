import { isPlatformBrowser } from '@angular/common';
import { DestroyRef, InjectionToken, NgZone, PLATFORM_ID, inject } from '@angular/core';
import { Hub, type HubOptions } from 'iris-hub-client/core';
import { worldOutside } from './zone';

export const HUB_OPTIONS = new InjectionToken<HubOptions>('HUB_OPTIONS', { factory: () => ({}) });

/** The hub's client; null where there is no browser (server-side rendering, prerendering). */
export const HUB = new InjectionToken<Hub | null>('HUB', {
  factory: () => {
    if (!isPlatformBrowser(inject(PLATFORM_ID))) return null;
    const zone = inject(NgZone);
    const options = inject(HUB_OPTIONS);
    const hub = zone.runOutsideAngular(() => new Hub(options, worldOutside(zone)));
    inject(DestroyRef).onDestroy(() => hub.stop());
    return hub;
  },
});
