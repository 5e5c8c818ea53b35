/** What the page knows of itself: the one cookie of the hub that scripts may read, and the user for whom it was loaded. */

import { BYPASS } from './service-worker';

const XSRF_COOKIE = 'XSRF-TOKEN=';

/** Return the CSRF token of the session; empty without a session. It proves where a request comes from, and opens nothing. */
export function csrfToken(cookies: string = document.cookie): string {
  return (
    cookies
      .split('; ')
      .find((pair) => pair.startsWith(XSRF_COOKIE))
      ?.slice(XSRF_COOKIE.length) ?? ''
  );
}

/** Return the headers with which a call over HTTP proves where it comes from, and says for whom the page speaks. */
export function proof(identity: string): Record<string, string> {
  const token = csrfToken();
  const own: Record<string, string> = token === '' ? { 'X-Hub-CSRF': '1' } : { 'X-XSRF-TOKEN': token };
  return identity === '' ? own : { ...own, 'X-Hub-Identity': identity };
}

/** What a login may ask for; see `GET /hub/login` in docs/http-api.md. */
export interface LoginOptions {
  /** Path with query and fragment to come back to; without it, the present address. */
  returnTo?: string;
  prompt?: string;
  /** Whole seconds: how long ago the user may have proved who they are. */
  maxAge?: number;
  acrValues?: string;
  loginHint?: string;
  provider?: string;
}

/** Return the address that logs in and comes back. */
export function loginUrl(options: LoginOptions = {}): string {
  const returnTo = options.returnTo ?? location.pathname + location.search + location.hash;
  const query = new URLSearchParams({ return_to: returnTo, [BYPASS]: '' });
  if (options.prompt !== undefined) query.set('prompt', options.prompt);
  if (options.maxAge !== undefined) query.set('max_age', String(options.maxAge));
  if (options.acrValues !== undefined) query.set('acr_values', options.acrValues);
  if (options.loginHint !== undefined) query.set('login_hint', options.loginHint);
  if (options.provider !== undefined) query.set('provider', options.provider);
  return `/hub/login?${query}`;
}
