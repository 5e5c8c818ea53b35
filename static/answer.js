/** What a request brings, whichever way it went: `{status, headers, body}`. Knows no transport. */

/**
 * @typedef {object} Answer
 * @property {number} status HTTP status; a problem of the hub (RFC 9457) has its own.
 * @property {Headers} headers
 * @property {any} body JSON as a value, text as a string, anything else as a Blob; null if it is empty.
 */

const PROBLEM = "urn:hub:problem:";

/** Build an answer from a whole body. */
export async function answerOf(status, headers, blob) {
  return { status, headers, body: await decode(headers.get("content-type") ?? "", blob) };
}

/** Tell whether the hub itself says that there is no session (a 401 of the API is an answer like any other). */
export function saysLogIn(answer) {
  return answer.status === 401 && String(answer.body?.type).startsWith(PROBLEM);
}

/** Tell whether a content type is JSON: `application/json` or `...+json`. */
export function isJson(contentType) {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType);
}

async function decode(contentType, blob) {
  if (blob.size === 0) return null;
  if (isJson(contentType)) return JSON.parse(await blob.text());
  return contentType.startsWith("text/") ? blob.text() : blob;
}

/**
 * Return what to send for `body`: a Blob with its content type, or null.
 *
 * A Blob or File goes as it is and a string as text; anything else becomes JSON.
 */
export function bodyToSend(body) {
  if (body === undefined || body === null) return null;
  if (body instanceof Blob) return body;
  if (typeof body === "string") return new Blob([body], { type: "text/plain;charset=utf-8" });
  return new Blob([JSON.stringify(body)], { type: "application/json" });
}
