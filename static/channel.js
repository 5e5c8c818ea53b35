/**
 * Keeps a connection to the hub open, and says what to do while there is none.
 *
 *     const channel = new Channel();
 *     channel.addEventListener("state", ({ detail }) => show(detail.state));
 *     channel.addEventListener("event", ({ detail }) => take(detail.topic, detail.name, detail.data));
 *     channel.open();
 *     const { status, body } = await channel.request("GET", "/api/patients?q=ada");
 *
 * There is no token to handle: the browser sends its HttpOnly session cookie with the handshake, and the hub does the rest.
 *
 * States: `closed`; `connecting`; `open`; `waiting` (it will dial again); `refused` (it will not: use HTTP);
 * `ended` (there is no session: log in).
 */

import { Connection } from "./connection.js";
import { csrfToken } from "./cookies.js";
import { ChannelError } from "./exchange.js";
import { identity } from "./identity.js";

export { ChannelError };

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
const STABLE_MS = 10_000; // a connection that lived this long is no failure when it ends

/** Say what a close code asks for; its range decides ("Close codes" in docs/channel-protocol.md). */
export function stateAfter(code) {
  if (code === 1000) return "closed";
  if (code === 4401) return "ended";
  if (code >= 4400 && code <= 4419) return "refused";
  if (code >= 4430 && code <= 4439) return "refused";
  return "waiting";
}

/** Milliseconds until the next attempt: anywhere up to a bound that doubles ("full jitter"), so that clients spread out. */
export function delayAfter(failures, random = Math.random) {
  return random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
}

export class Channel extends EventTarget {
  #url;
  #client;
  #connection = null;
  #openedAt = null;
  #failures = 0;
  #redial;
  #settled = Promise.resolve();
  #settle = () => {};

  constructor({ url = "/hub/channel", client = "demo/1.0" } = {}) {
    super();
    this.#url = new URL(url, location.href.replace(/^http/, "ws"));
    this.#client = client;
    this.state = "closed";
    window.addEventListener("online", () => this.state === "waiting" && this.open());
  }

  /** Dial, unless there is a connection already. */
  open() {
    if (this.#connection !== null) return;
    clearTimeout(this.#redial);
    this.#settled = new Promise((resolve) => (this.#settle = resolve));
    this.#change("connecting");
    const hello = { csrf: csrfToken(), client: this.#client, identity: identity() };
    const isCurrent = () => connection === this.#connection; // one that we left may still have something to say
    const connection = new Connection(this.#url, hello, {
      ready: () => isCurrent() && this.#opened(),
      event: (message) => isCurrent() && this.#tell("event", message),
      close: (code, reason) => isCurrent() && this.#closed(code, reason),
    });
    this.#connection = connection;
  }

  /** Hang up and do not dial again. */
  close() {
    clearTimeout(this.#redial);
    this.#connection?.close();
    this.#connection = null;
    this.#change("closed");
    this.#settle();
  }

  /**
   * Send a request; parameters and answer are those of `Connection.request`.
   *
   * While it dials, requests wait. Without a connection it rejects with a ChannelError, `processed: "never"`.
   */
  async request(method, path, options) {
    await this.#settled;
    if (this.state !== "open") throw new ChannelError("There is no channel.", "never");
    return this.#connection.request(method, path, options);
  }

  #opened() {
    this.#openedAt = performance.now();
    this.#change("open");
    this.#settle();
  }

  #closed(code, reason) {
    const wasStable = this.#openedAt !== null && performance.now() - this.#openedAt > STABLE_MS;
    this.#failures = wasStable ? 0 : this.#failures + 1;
    this.#connection = null;
    this.#openedAt = null;
    const state = stateAfter(code);
    const retryInMs = state === "waiting" ? delayAfter(this.#failures) : null;
    if (retryInMs !== null) this.#redial = setTimeout(() => this.open(), retryInMs);
    this.#change(state, { code, reason, retryInMs });
    this.#settle();
  }

  #change(state, detail = {}) {
    this.state = state;
    this.#tell("state", { state, ...detail });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
