/** Calls the API over the channel, or over HTTP where that is asked for or where there is no channel. */

import { saysLogIn } from "./answer.js";
import { ChannelError } from "./channel.js";
import { requestOverHttp } from "./http.js";

const SAFE_METHODS = new Set(["GET", "HEAD"]); // repeating these changes nothing (RFC 9110 section 9.2.1)

/**
 * Events: `call` after each call, with `{transport, method, path, status, ms, note}`; `login` when the hub answers that there
 * is no session.
 */
export class Api extends EventTarget {
  #channel;

  /** @param {import("./channel.js").Channel} channel */
  constructor(channel) {
    super();
    this.#channel = channel;
    this.transport = "channel";
  }

  /**
   * Send a request the preferred way.
   *
   * @returns {Promise<import("./answer.js").Answer & {transport: string, ms: number}>} Rejects with ChannelError, TypeError
   *   or AbortError.
   */
  async call(method, path, options = {}) {
    const call = { transport: this.transport, method, path, status: null, note: "" };
    const started = performance.now();
    try {
      const answer = await this.#send(call, options);
      call.status = answer.status;
      if (saysLogIn(answer)) this.dispatchEvent(new CustomEvent("login", { detail: answer.body }));
      return { ...answer, transport: call.transport, ms: performance.now() - started };
    } catch (error) {
      call.note = error.name === "AbortError" ? "cancelled" : error.message;
      throw error;
    } finally {
      call.ms = performance.now() - started;
      this.dispatchEvent(new CustomEvent("call", { detail: call }));
    }
  }

  async #send(call, options) {
    if (call.transport === "http") return requestOverHttp(call.method, call.path, options);
    try {
      return await this.#channel.request(call.method, call.path, options);
    } catch (error) {
      const mayRepeat = error instanceof ChannelError && (error.processed === "never" || SAFE_METHODS.has(call.method));
      if (!mayRepeat) throw error;
      call.transport = "http";
      call.note = "no channel";
      return requestOverHttp(call.method, call.path, options);
    }
  }
}
