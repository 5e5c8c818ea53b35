/** The one cookie of the hub that scripts may read. It proves that a request comes from our own page, and opens nothing. */

import { identity } from "./identity.js";

/** Return the CSRF token of the session; empty without a session. */
export function csrfToken() {
  const pair = document.cookie.split("; ").find((part) => part.startsWith("XSRF-TOKEN="));
  return pair === undefined ? "" : pair.slice("XSRF-TOKEN=".length);
}

/** Return the headers with which every call over HTTP proves where it comes from, and says for whom the page speaks. */
export function proof() {
  const token = csrfToken();
  const own = token ? { "X-XSRF-TOKEN": token } : { "X-Hub-CSRF": "1" };
  return identity() ? { ...own, "X-Hub-Identity": identity() } : own;
}
