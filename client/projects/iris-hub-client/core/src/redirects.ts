/** Redirects of the API, which the hub hands on: over the channel no browser follows them (Fetch Standard, "HTTP-redirect fetch"). */

import type { Answer } from './answer';
import type { CallRequest } from './call';
import { HubError } from './errors';

const MOST = 20;
const BODY_HEADERS = new Set(['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type']);

/** Where a redirect leads, and with what. */
export interface Redirected {
  url: URL;
  request: CallRequest;
}

/**
 * Send a request, and follow where the responses lead.
 *
 * @param send Sends to a URL: the hub's, or another's.
 * @throws HubError after 20 redirects.
 */
export async function following(first: Redirected, send: (next: Redirected) => Promise<Answer>): Promise<Answer> {
  let answer = await send(first);
  let next = redirect(first, answer);
  for (let count = 0; next !== null; count++) {
    if (count === MOST) throw HubError.of('network', 'The API redirects in a circle.', 'maybe');
    await answer.body.stream().cancel();
    answer = { redirectedTo: next.url.href, ...(await send(next)) };
    next = redirect(next, answer);
  }
  return answer;
}

function redirect({ url, request }: Redirected, { status, headers }: Answer): Redirected | null {
  const location = headers.get('location');
  if (location === null || ![301, 302, 303, 307, 308].includes(status) || request.redirect === 'manual') return null;
  if (request.redirect === 'error') throw HubError.of('network', 'The API redirects, and the request forbids it.', 'maybe');
  const { method } = request;
  const becomesGet = status === 303 ? method !== 'HEAD' && method !== 'GET' : status < 303 && method === 'POST';
  const target = new URL(location, url);
  const sameKey = request.key === null ? null : undefined; // another request: an idempotency key belongs to one path
  const moved = { ...request, path: target.pathname + target.search, key: sameKey };
  return { url: target, request: becomesGet ? asGet(moved) : moved };
}

function asGet(request: CallRequest): CallRequest {
  const headers = Object.entries(request.headers ?? {}).filter(([name]) => !BODY_HEADERS.has(name.toLowerCase()));
  return { ...request, method: 'GET', body: null, onUploadProgress: undefined, headers: Object.fromEntries(headers) };
}
