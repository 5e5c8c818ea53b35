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

/** Return where to go if a worker has answered one of the hub's own addresses with the application: the hub, past the worker; else null. */
export function pastWorker({ pathname, search }: Pick<Location, 'pathname' | 'search'>): string | null {
  if (!pathname.startsWith('/hub/') || new URLSearchParams(search).has(BYPASS)) return null;
  return `${pathname}${search}${search === '' ? '?' : '&'}${BYPASS}`;
}

function absolute(url: string): string {
  return new URL(url, document.baseURI).href;
}
