/** The hub's session endpoints: who is logged in, for how long, and the way in and out. */

import { proof } from "./cookies.js";

/**
 * Ask who is logged in.
 *
 * @param {{active?: boolean}} options `active` counts as activity of the user and restarts the idle time.
 * @returns {Promise<object>} `{authenticated: false, login_url, reason?, detail?}`, or subject, name, claims and the seconds
 *   until the idle end, the absolute end and the end of the access token.
 */
export async function fetchSession({ active = false } = {}) {
  const response = await fetch(`/hub/session${active ? "" : "?passive=1"}`);
  if (!response.ok) throw new Error(`The hub answered ${response.status}.`);
  return response.json();
}

/**
 * Ask where the user is logged in. Does not count as activity.
 *
 * @returns {Promise<object[]>} Each with `handle`, `current`, `client`, `address`, and times in seconds.
 */
export async function fetchSessions() {
  const response = await fetch("/hub/sessions?passive=1", { headers: proof() });
  if (!response.ok) throw new Error(`The hub answered ${response.status}.`);
  return (await response.json()).sessions;
}

/** End one of the user's sessions. One that has ended already is as good. */
export async function endSession(handle) {
  const response = await fetch(`/hub/sessions/${handle}`, { method: "DELETE", headers: proof() });
  if (!response.ok && response.status !== 404) throw new Error(`The hub answered ${response.status}.`);
}

/** End the session; return where to go on, which may be the provider's own logout page. */
export async function logOut() {
  const response = await fetch("/hub/logout", { method: "POST", headers: proof() });
  if (!response.ok) throw new Error(`The hub answered ${response.status}.`);
  return (await response.json()).redirect_to;
}

/** Return the address that logs in and comes back to this page. */
export function loginUrl() {
  const here = location.pathname + location.search + location.hash;
  return `/hub/login?return_to=${encodeURIComponent(here)}`;
}
