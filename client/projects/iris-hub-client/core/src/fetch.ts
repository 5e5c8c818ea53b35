import { NULL_BODY } from './http';
import type { Hub } from './hub';

/** `fetch` with a hub in the place of the network. */
export async function fetchThrough(hub: Hub, input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const request = new Request(input instanceof Request ? input : new URL(input, location.href), init);
  if (!hub.serves(request.url)) return fetch(request);
  const { method, headers, keepalive, redirect, signal } = request;
  const { pathname, search } = new URL(request.url);
  const body = await bodyOf(request);
  const common = { method, path: pathname + search, headers: Object.fromEntries(headers), body };
  const answer = await hub.send({ ...common, keepalive, redirect, signal });
  const content = NULL_BODY.has(answer.status) || method === 'HEAD' ? null : answer.body.stream();
  const response = new Response(content, { status: answer.status, headers: answer.headers });
  const { redirectedTo } = answer;
  Object.defineProperty(response, 'url', { value: redirectedTo ?? request.url.split('#')[0] }); // which no constructor takes
  return Object.defineProperty(response, 'redirected', { value: redirectedTo !== undefined });
}

async function bodyOf(request: Request): Promise<Blob | null> {
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  const blob = await request.blob();
  return blob.size === 0 && !request.headers.has('content-type') ? null : blob; // not every browser has Request.body
}
