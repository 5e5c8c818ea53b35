/** One request on a connection, from its message to its answer. Knows no socket: it is given a function that sends. */

import { answerOf } from "./answer.js";

const HEADER_BYTES = 8; // kind, flags, two zero bytes, request id; big-endian
const KIND_BODY = 1;
const FLAG_END = 1;

/** A request that got no answer. */
export class ChannelError extends Error {
  /**
   * @param {string} message
   * @param {"never" | "maybe"} processed `never`: the API did not see the request, so repeating it is safe.
   */
  constructor(message, processed) {
    super(message);
    this.name = "ChannelError";
    this.processed = processed;
  }
}

export class Exchange {
  #chunks = [];
  #response = null;
  #upload;
  #sent = 0;
  #credit = 0;
  #sending = false;
  #done = false;
  #resolve;
  #reject;

  /**
   * @param {number} id
   * @param {Blob | null} upload A body that follows in frames as the hub gives credit.
   */
  constructor(id, upload) {
    this.id = id;
    this.#upload = upload;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Take the head of the answer; return whether the answer is complete with it. */
  respond(message) {
    this.#response = message;
    if (message.stream !== undefined) return false;
    this.#settle({ status: message.status, headers: headersOf(message.headers), body: message.body ?? null });
    return true;
  }

  /** Take a part of the answer's body; return whether the answer is complete with it. */
  receive(frame) {
    this.#chunks.push(frame.data);
    if (!frame.end) return false;
    const headers = headersOf(this.#response.headers);
    const blob = new Blob(this.#chunks, { type: headers.get("content-type") ?? "" });
    answerOf(this.#response.status, headers, blob).then(
      (answer) => this.#settle(answer),
      () => this.fail(new ChannelError("The answer is not what its content type says.", "maybe")),
    );
    return true;
  }

  /** End without an answer of the API: what the hub says about it is the answer, as it would be over HTTP. */
  refuse(message) {
    const headers = new Headers({ "content-type": "application/problem+json" });
    this.#settle({ status: message.problem.status, headers, body: message.problem, processed: message.processed });
  }

  /** End without any answer. */
  fail(error) {
    this.#done = true;
    this.#reject(error);
  }

  /** Send as much of the upload as the hub is ready to take: `bytes` more than before. */
  async grant(bytes, frameBytes, send) {
    this.#credit += bytes;
    if (this.#sending) return;
    this.#sending = true;
    while (!this.#done && this.#credit > 0 && this.#sent < this.#upload.size) {
      const stop = Math.min(this.#sent + Math.min(this.#credit, frameBytes), this.#upload.size);
      const data = await this.#upload.slice(this.#sent, stop).arrayBuffer();
      if (this.#done) break;
      send(encodeFrame(this.id, data, stop === this.#upload.size));
      this.#credit -= stop - this.#sent;
      this.#sent = stop;
    }
    this.#sending = false;
  }

  #settle(answer) {
    this.#done = true;
    this.#resolve(answer);
  }
}

/** Read a binary message. */
export function decodeFrame(buffer) {
  const view = new DataView(buffer);
  return {
    id: view.getUint32(4),
    end: (view.getUint8(1) & FLAG_END) !== 0,
    data: new Uint8Array(buffer, HEADER_BYTES),
  };
}

function encodeFrame(id, data, end) {
  const frame = new Uint8Array(HEADER_BYTES + data.byteLength);
  const view = new DataView(frame.buffer);
  view.setUint8(0, KIND_BODY);
  view.setUint8(1, end ? FLAG_END : 0);
  view.setUint32(4, id);
  frame.set(new Uint8Array(data), HEADER_BYTES);
  return frame;
}

function headersOf(fields) {
  const headers = new Headers();
  for (const [name, values] of Object.entries(fields ?? {})) {
    for (const value of [values].flat()) headers.append(name, value);
  }
  return headers;
}
