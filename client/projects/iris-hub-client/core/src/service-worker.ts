/** Life with a service worker: the page may register one, and the hub's own pages are never answered by it. */

/** Query parameter of addresses that Angular's worker leaves to the hub, which ignores it. */
export const BYPASS = 'ngsw-bypass';

interface TrustedTypes {
  createPolicy(name: 'default', rules: { createScriptURL(url: string): string | null }): unknown;
}

/**
 * Let `navigator.serviceWorker.register` take the URL of one worker under the hub's Trusted Types. Angular passes it a string, which a
 * `default` policy has to admit; this one admits nothing else. Call it once, before the application starts.
 *
 * @param script URL of the worker, relative to the document's base, such as `ngsw-worker.js`.
 */
export function admitServiceWorker(script: string): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const admitted = absolute(script);
  trustedTypes?.createPolicy('default', { createScriptURL: (url) => (absolute(url) === admitted ? admitted : null) });
}

/** Tell whether the application runs at one of the hub's own addresses, such as the end of a login: a worker has answered in its place. */
export function isAtHub(): boolean {
  return location.pathname.startsWith('/hub/');
}

/** Load the page that is the hub's: past the worker, or without it if the worker does not know the parameter. */
export async function leaveForHub(): Promise<void> {
  const { pathname, search } = location;
  if (!new URLSearchParams(search).has(BYPASS)) {
    location.replace(`${pathname}${search}${search === '' ? '?' : '&'}${BYPASS}`);
    return;
  }
  const registration = await navigator.serviceWorker?.getRegistration();
  if (await registration?.unregister()) location.reload();
}

function absolute(url: string): string {
  return new URL(url, document.baseURI).href;
}
