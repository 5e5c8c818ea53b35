/**
 * For whom this page was loaded, by a hash that the hub gives. All tabs of a browser share one cookie: when another user logs in in
 * one of them, the hub refuses what a page asks that still names the former one.
 */

let current = "";

/** Return the user for whom this page speaks; empty before the login. */
export function identity() {
  return current;
}

/** Speak for this user from now on; empty: for nobody. */
export function setIdentity(identity) {
  current = identity;
}

/** Tell whether a session is another user's than the one for whom this page speaks. */
export function speaksForAnother(session) {
  return current !== "" && session.identity !== current;
}
