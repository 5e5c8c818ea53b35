/**
 * One WebSocket that speaks `hub.v1` (docs/channel-protocol.md): hello, requests, answers, cancel, signs of life.
 *
 * It does not dial again: that is what channel.js is for.
 */

import { bodyToSend } from "./answer.js";
import { ChannelError, Exchange, decodeFrame } from "./exchange.js";

const SUBPROTOCOL = "hub.v1";
const READY_TIMEOUT_MS = 10_000;
const LOST = 1006; // what a browser reports when a connection breaks without a close frame

export class Connection {
  #socket;
  #handlers;
  #exchanges = new Map();
  #lastId = 0;
  #ready = null;
  #timer;
  #ended = false;

  /**
   * @param {URL} url Of the channel, with the scheme ws or wss.
   * @param {{csrf: string, client: string}} hello
   * @param {{ready: Function, event: Function, close: Function}} handlers `ready(message)`, `event(message)` and, exactly
   *   once, `close(code, reason)`.
   */
  constructor(url, hello, handlers) {
    this.#handlers = handlers;
    this.#socket = new WebSocket(url, SUBPROTOCOL);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#send({ type: "hello", ...hello });
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = ({ code, reason }) => this.#end(code, reason);
    this.#timer = setTimeout(() => this.#abandon("The hub did not get ready in time."), READY_TIMEOUT_MS);
  }

  /**
   * Send a request; its answer may come in any order with others.
   *
   * @param {string} method
   * @param {string} path With query.
   * @param {{headers?: object, body?: any, signal?: AbortSignal, timeoutMs?: number, passive?: boolean}} options
   * @returns {Promise<import("./answer.js").Answer>} Rejects with ChannelError, or with the reason of `signal`.
   */
  async request(method, path, { headers = {}, body, signal, timeoutMs, passive } = {}) {
    signal?.throwIfAborted();
    if (this.#ended) throw new ChannelError("The channel is closed.", "never");
    const { members, upload } = this.#bodyMembers(body, headers);
    const exchange = new Exchange(++this.#lastId, upload);
    this.#exchanges.set(exchange.id, exchange);
    this.#send({ type: "request", id: exchange.id, method, path, ...members, timeout_ms: timeoutMs, passive });
    const cancel = () => this.#cancel(exchange, signal.reason);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await exchange.answer;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Say goodbye and hang up. */
  close() {
    if (this.#ready !== null) this.#send({ type: "bye" });
    this.#socket.close(1000);
  }

  /** A small JSON value or text goes inside the message; anything else follows in body frames. */
  #bodyMembers(value, headers) {
    const blob = bodyToSend(value);
    if (blob === null || blob.size === 0) return { members: { headers }, upload: null };
    const hasType = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
    const fields = hasType || !blob.type ? headers : { "content-type": blob.type, ...headers };
    if (!hasType && !(value instanceof Blob) && blob.size <= this.#ready.limits.inline) {
      return { members: { headers: fields, body: value }, upload: null };
    }
    return { members: { headers: fields, stream: blob.size }, upload: blob };
  }

  #cancel(exchange, reason) {
    if (!this.#exchanges.delete(exchange.id)) return; // it crossed the answer
    this.#send({ type: "cancel", id: exchange.id });
    exchange.fail(reason);
  }

  #receive(data) {
    this.#heard();
    if (typeof data !== "string") {
      const frame = decodeFrame(data);
      if (this.#exchanges.get(frame.id)?.receive(frame)) this.#exchanges.delete(frame.id);
      return;
    }
    for (const message of [JSON.parse(data)].flat()) this.#take(message);
  }

  #take(message) {
    switch (message.type) {
      case "ready":
        this.#ready = message;
        this.#heard();
        this.#handlers.ready(message);
        break;
      case "event":
        this.#send({ type: "ack", sequence: message.sequence });
        this.#handlers.event(message);
        break;
      case "ping":
        this.#send({ type: "pong", n: message.n });
        break;
      default:
        this.#takeAnswer(message, this.#exchanges.get(message.id));
    }
  }

  /** Take what belongs to a request. Messages for a cancelled one may still arrive, and are ignored. */
  #takeAnswer(message, exchange) {
    if (exchange === undefined) return;
    switch (message.type) {
      case "window":
        exchange.grant(message.bytes, this.#ready.limits.frame, (frame) => this.#sendRaw(frame));
        break;
      case "response":
        if (exchange.respond(message)) this.#exchanges.delete(message.id);
        break;
      case "error":
        this.#exchanges.delete(message.id);
        exchange.refuse(message);
        break;
      case "reset":
        this.#exchanges.delete(message.id);
        exchange.fail(new ChannelError(message.reason ?? "The answer broke off.", "maybe"));
        break;
    }
  }

  /** Any frame is a sign of life. After some silence ask for one; without it the connection is dead, whatever TCP thinks. */
  #heard() {
    if (this.#ready === null) return;
    const { interval_ms: interval, timeout_ms: timeout } = this.#ready.heartbeat;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#send({ type: "ping", n: 1 });
      this.#timer = setTimeout(() => this.#abandon("No sign of life."), timeout);
    }, interval);
  }

  #send(message) {
    this.#sendRaw(JSON.stringify(message));
  }

  #sendRaw(data) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  /** Give up without waiting for the close handshake of a peer that does not answer. */
  #abandon(reason) {
    this.#socket.close();
    this.#end(LOST, reason);
  }

  #end(code, reason) {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    for (const exchange of this.#exchanges.values()) {
      exchange.fail(new ChannelError("The channel closed before the answer came.", "maybe"));
    }
    this.#exchanges.clear();
    this.#handlers.close(code, reason);
  }
}
