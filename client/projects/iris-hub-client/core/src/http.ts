/** The same requests over HTTP, for pages without a channel. */

import { type Answer, type AnswerBody, readAll } from './answer';
import type { Call, CallRequest } from './call';
import { HubError, aborted } from './errors';

type Proof = () => Record<string, string>;

const REDIRECT = 'x-hub-redirect'; // asks the hub to show a redirect to this client instead of the browser

/**
 * Send a call.
 *
 * @param proof Headers that show that the request comes from our own page.
 * @throws HubError without a network; the reason of the call's signal if it was aborted.
 */
export async function sendOverHttp({ request, key, signal }: Call, proof: Proof): Promise<Answer> {
  const headers = requestHeaders(request, key, proof);
  try {
    const send = request.onUploadProgress !== undefined && request.body ? sendWithProgress : sendWithFetch;
    return await send(request, headers, signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : unreachable(error);
  }
}

/** Send a request that is none of the hub's, such as one to which the API has redirected: without any proof. */
export async function sendElsewhere(url: string, request: CallRequest): Promise<Answer> {
  const headers = requestHeaders(request, null, () => ({}));
  headers.delete(REDIRECT);
  const { method, signal, keepalive } = request;
  try {
    return answerOf(await fetch(url, { method, headers, body: payload(request), signal, keepalive }));
  } catch (error) {
    throw signal?.aborted ? aborted(signal) : unreachable(error);
  }
}

function requestHeaders(request: CallRequest, key: string | null, proof: Proof): Headers {
  const headers = new Headers(proof());
  for (const [name, values] of Object.entries(request.headers ?? {})) {
    headers.delete(name);
    for (const value of [values].flat()) headers.append(name, value);
  }
  const { body } = request;
  if (body && !(body instanceof Blob) && !headers.has('content-type'))
    // the type of a Blob is set by the browser
    headers.set('content-type', 'json' in body ? 'application/json' : 'text/plain;charset=utf-8');
  if (key !== null) headers.set('X-Hub-Key', key);
  if (request.passive) headers.set('X-Hub-Passive', '1');
  headers.set(REDIRECT, 'manual');
  return headers;
}

function payload({ body }: CallRequest): BodyInit | null {
  if (body === undefined || body === null) return null;
  if (body instanceof Blob) return body;
  return 'json' in body ? body.json : body.text;
}

function answerOf(response: Response): Answer {
  const { headers, redirected, url } = response;
  const status = Number(headers.get(REDIRECT) ?? response.status);
  const replayed = headers.get('x-hub-replayed') === '1';
  const answer = { status, headers, body: new ResponseBody(response), transport: 'http' as const, replayed, timing: null };
  return redirected ? { ...answer, redirectedTo: url } : answer;
}

function unreachable(error: unknown): HubError {
  return error instanceof HubError ? error : HubError.of('network', 'The hub cannot be reached.', 'maybe');
}

async function sendWithFetch(request: CallRequest, headers: Headers, signal: AbortSignal): Promise<Answer> {
  const { method, keepalive } = request;
  return answerOf(await fetch(request.path, { method, headers, body: payload(request), signal, keepalive }));
}

/** `fetch` does not say how far an upload is; XMLHttpRequest does. */
function sendWithProgress(request: CallRequest, headers: Headers, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(request.method, request.path);
    headers.forEach((value, name) => xhr.setRequestHeader(name, value));
    xhr.responseType = 'blob';
    xhr.upload.onprogress = ({ loaded, total }) => request.onUploadProgress?.(loaded, total);
    xhr.onload = () => resolve(answerOf(responseOf(xhr)));
    xhr.onerror = xhr.onabort = () => reject(unreachable(null));
    signal.addEventListener('abort', () => xhr.abort(), { once: true });
    xhr.send(payload(request) as XMLHttpRequestBodyInit);
  });
}

function responseOf(xhr: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const line of xhr.getAllResponseHeaders().trim().split(/\r?\n/)) {
    const at = line.indexOf(':');
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 1).trim());
  }
  const isEmpty = NULL_BODY.has(xhr.status);
  return new Response(isEmpty ? null : (xhr.response as Blob), { status: xhr.status, headers });
}

/** Statuses whose responses have no body (Fetch Standard, "null body status"). */
export const NULL_BODY = new Set([204, 205, 304]);

class ResponseBody implements AnswerBody {
  constructor(private readonly response: Response) {}

  get length(): number | null {
    const length = this.response.headers.get('content-length');
    return length === null || this.response.headers.has('content-encoding') ? null : Number(length);
  }

  async json(): Promise<unknown> {
    const text = await this.text();
    return text === '' ? null : JSON.parse(text);
  }

  async text(): Promise<string> {
    return this.response.text().catch(broken);
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return readAll(this.stream());
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const reader = this.response.body?.getReader();
    return new ReadableStream(
      {
        pull: async (controller) => {
          const next = await reader?.read().catch(broken);
          if (next?.value === undefined) controller.close();
          else controller.enqueue(next.value);
        },
        cancel: (reason) => reader?.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }
}

/** Without a network `fetch` rejects with a TypeError; the API has seen the request, as its response has begun. */
function broken(error: unknown): never {
  throw error instanceof TypeError
    ? HubError.of('answer-broken', 'The connection broke in the middle of the response.', 'maybe')
    : error;
}
