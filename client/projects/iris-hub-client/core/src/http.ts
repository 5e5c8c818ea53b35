/** The same requests over HTTP, for pages without a channel. */

import { type Answer, type AnswerBody, readAll } from './answer';
import type { CallRequest } from './call';
import { HubError, aborted } from './errors';

type Proof = () => Record<string, string>;

/**
 * Send a request.
 *
 * @param key Idempotency key, or null.
 * @param proof Headers that show that the request comes from our own page.
 * @throws HubError without a network; the reason of the signal if it was aborted.
 */
export async function sendOverHttp(request: CallRequest, key: string | null, proof: Proof): Promise<Answer> {
  const headers = requestHeaders(request, key, proof);
  const signal = limited(request.signal, request.timeoutMs);
  try {
    if (request.onUploadProgress !== undefined && request.body) return await sendWithProgress(request, headers, signal);
    const response = await fetch(request.path, { method: request.method, headers, body: payload(request), signal });
    return answer(response.status, response.headers, new ResponseBody(response));
  } catch (error) {
    if (signal?.aborted) throw request.signal?.aborted ? aborted(request.signal) : timedOut();
    if (error instanceof HubError) throw error;
    throw HubError.of('network', 'The hub cannot be reached.', 'maybe');
  }
}

function requestHeaders(request: CallRequest, key: string | null, proof: Proof): Headers {
  const headers = new Headers(proof());
  for (const [name, values] of Object.entries(request.headers ?? {})) {
    headers.delete(name);
    for (const value of [values].flat()) headers.append(name, value);
  }
  const { body } = request;
  if (body && !headers.has('content-type')) {
    if (body instanceof Blob) headers.set('content-type', body.type || 'application/octet-stream');
    else headers.set('content-type', 'json' in body ? 'application/json' : 'text/plain;charset=utf-8');
  }
  if (key !== null) headers.set('X-Hub-Key', key);
  if (request.passive) headers.set('X-Hub-Passive', '1');
  return headers;
}

function payload({ body }: CallRequest): BodyInit | null {
  if (body === undefined || body === null) return null;
  if (body instanceof Blob) return body;
  return 'json' in body ? body.json : body.text;
}

function answer(status: number, headers: Headers, body: AnswerBody): Answer {
  return { status, headers, body, transport: 'http', replayed: headers.get('x-hub-replayed') === '1', timing: null };
}

function limited(signal: AbortSignal | undefined, timeoutMs: number | undefined): AbortSignal | undefined {
  if (timeoutMs === undefined) return signal;
  const limit = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}

function timedOut(): HubError {
  return HubError.of('deadline-exceeded', 'The answer took too long.', 'maybe', 504);
}

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

  text(): Promise<string> {
    return this.response.text();
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return readAll(this.stream());
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.response.body ?? new Response(new Uint8Array()).body!;
  }
}

/** `fetch` does not say how far an upload is; XMLHttpRequest does. */
function sendWithProgress(request: CallRequest, headers: Headers, signal: AbortSignal | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(request.method, request.path);
    headers.forEach((value, name) => xhr.setRequestHeader(name, value));
    xhr.responseType = 'blob';
    xhr.upload.onprogress = ({ loaded, total }) => request.onUploadProgress?.(loaded, total);
    xhr.onload = () => {
      const received = new Headers();
      for (const line of xhr.getAllResponseHeaders().trim().split(/\r?\n/)) {
        const at = line.indexOf(':');
        if (at > 0) received.append(line.slice(0, at), line.slice(at + 1).trim());
      }
      const isEmpty = xhr.status === 204 || xhr.status === 304;
      const body = isEmpty ? null : (xhr.response as Blob);
      resolve(answer(xhr.status, received, new ResponseBody(new Response(body, { status: xhr.status, headers: received }))));
    };
    xhr.onerror = xhr.onabort = () => reject(HubError.of('network', 'The hub cannot be reached.', 'maybe'));
    signal?.addEventListener('abort', () => xhr.abort(), { once: true });
    xhr.send(payload(request) as XMLHttpRequestBodyInit);
  });
}
