/** The same requests over HTTP. */

import { answerOf, bodyToSend } from "./answer.js";
import { proof } from "./cookies.js";

/**
 * Send a request with `fetch`.
 *
 * @param {string} method
 * @param {string} path With query.
 * @param {{headers?: object, body?: any, signal?: AbortSignal}} options
 * @returns {Promise<import("./answer.js").Answer>} Rejects with TypeError without a network, or with the reason of `signal`.
 */
export async function requestOverHttp(method, path, { headers = {}, body, signal } = {}) {
  const blob = bodyToSend(body); // fetch names its type, unless `headers` does
  const response = await fetch(path, { method, headers: { ...headers, ...proof() }, body: blob, signal });
  return answerOf(response.status, response.headers, await response.blob());
}
