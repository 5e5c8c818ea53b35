/** Who is logged in, and the time that is left, counting down between two answers of the hub. */

import { byId } from "./dom.js";

export class SessionPanel extends EventTarget {
  #session = null;
  #receivedAt = 0;
  #renewals = 0;
  #ticking;

  /** Events: `stay` when the user wants to stay logged in; `over` when, by this clock, the session has ended. */
  constructor() {
    super();
    byId("stay").addEventListener("click", () => this.dispatchEvent(new Event("stay")));
  }

  /** Show a session as the hub describes it. */
  show(session) {
    this.#session = session;
    this.#receivedAt = performance.now();
    const { preferred_username: username, email } = session.claims;
    byId("user-name").textContent = session.name ?? username ?? session.subject;
    byId("session-user").textContent = [username ?? session.subject, email].filter(Boolean).join(", ");
    this.#showRenewals();
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  /** Count a renewal of the access token. */
  renewed() {
    this.#renewals += 1;
    this.#showRenewals();
  }

  /** Forget the user. */
  clear() {
    clearInterval(this.#ticking);
    this.#session = null;
    this.#renewals = 0;
    for (const id of ["user-name", "session-user", "idle", "absolute", "token", "renewals"]) byId(id).textContent = "";
    byId("ending").hidden = true;
  }

  #showRenewals() {
    byId("renewals").textContent = this.#renewals === 1 ? "once" : `${this.#renewals} times`;
  }

  #tick() {
    const passed = (performance.now() - this.#receivedAt) / 1000;
    const left = (seconds) => (seconds === null ? null : Math.max(0, seconds - passed));
    const idle = left(this.#session.idle_expires_in);
    const absolute = left(this.#session.absolute_expires_in);
    const token = left(this.#session.token_expires_in);
    byId("idle").textContent = inWords(idle);
    byId("absolute").textContent = inWords(absolute);
    byId("token").textContent = token === null ? "no known end" : `${inWords(token)}, then renewed by itself`;
    byId("ending").hidden = left(this.#session.warning_in) !== 0; // null: the hub is not to warn
    byId("stay").hidden = absolute <= idle; // no activity helps
    if (Math.min(idle, absolute) === 0) {
      clearInterval(this.#ticking);
      this.dispatchEvent(new Event("over"));
    }
  }
}

/** Say a duration with its two largest units. */
function inWords(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
