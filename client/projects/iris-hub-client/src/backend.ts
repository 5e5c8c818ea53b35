import {
  FetchBackend,
  HttpBackend,
  type HttpEvent,
  HttpErrorResponse,
  HttpEventType,
  HttpHeaderResponse,
  HttpHeaders,
  type HttpRequest,
  HttpResponse,
  HttpXhrBackend,
} from '@angular/common/http';
import { Injectable, inject } from '@angular/core';
import { type Answer, type Hub, type HubRequest, HubError, type RequestBody, readAll } from 'iris-hub-client/core';
import { Observable, type Subscriber } from 'rxjs';
import { HUB_KEY, HUB_MODE, HUB_PASSIVE, HUB_PRIORITY, HUB_REVALIDATE, HUB_TIMEOUT } from './context';
import { HUB } from './hub';

const OWN_HEADERS = new Set(['x-xsrf-token']); // the hub's client proves by itself where requests come from
const XSSI_PREFIX = /^\)\]\}',?\n/;

/** Sends the requests for the hub's routes with the hub's client, and all others as Angular does. */
@Injectable({ providedIn: 'root' })
export class HubBackend implements HttpBackend {
  private readonly hub = inject(HUB);
  private readonly others: HttpBackend = inject(FetchBackend, { optional: true }) ?? inject(HttpXhrBackend);

  handle(request: HttpRequest<unknown>): Observable<HttpEvent<unknown>> {
    const { hub } = this;
    if (hub === null || request.method === 'JSONP' || !hub.serves(request.urlWithParams)) return this.others.handle(request);
    return new Observable((subscriber) => {
      const aborter = new AbortController();
      void exchange(hub, request, aborter.signal, subscriber);
      return () => aborter.abort();
    });
  }
}

async function exchange(
  hub: Hub,
  request: HttpRequest<unknown>,
  signal: AbortSignal,
  subscriber: Subscriber<HttpEvent<unknown>>,
): Promise<void> {
  const url = request.urlWithParams;
  let answer: Answer;
  let body: unknown;
  try {
    const sent = hub.send(await hubRequest(request, signal, subscriber));
    subscriber.next({ type: HttpEventType.Sent });
    answer = await sent;
    if (request.reportProgress) subscriber.next(new HttpHeaderResponse(head(answer, url)));
    body = await bodyOf(request, answer, subscriber);
  } catch (error) {
    if (!signal.aborted) subscriber.error(failed(error, url));
    return;
  }
  if (answer.status >= 200 && answer.status < 300) {
    subscriber.next(new HttpResponse({ body, ...head(answer, url) }));
    subscriber.complete();
  } else {
    subscriber.error(new HttpErrorResponse({ error: body, ...head(answer, url) }));
  }
}

async function hubRequest(
  request: HttpRequest<unknown>,
  signal: AbortSignal,
  subscriber: Subscriber<HttpEvent<unknown>>,
): Promise<HubRequest> {
  const { context, headers } = request;
  const fields: Record<string, string> = { accept: 'application/json, text/plain, */*' };
  for (const name of headers.keys()) {
    const key = name.toLowerCase();
    if (!OWN_HEADERS.has(key)) fields[key] = headers.getAll(name)!.join(',');
  }
  const body = await requestBody(request, fields);
  const url = new URL(request.urlWithParams, location.href);
  const onUploadProgress = (loaded: number, total: number): void =>
    subscriber.next({ type: HttpEventType.UploadProgress, loaded, total });
  return {
    method: request.method.toUpperCase(),
    path: url.pathname + url.search,
    headers: fields,
    body,
    signal,
    mode: context.get(HUB_MODE),
    priority: context.get(HUB_PRIORITY),
    key: context.get(HUB_KEY),
    passive: context.get(HUB_PASSIVE) || undefined,
    revalidate: context.get(HUB_REVALIDATE),
    timeoutMs: context.get(HUB_TIMEOUT) ?? request.timeout,
    onUploadProgress: request.reportProgress && body !== null ? onUploadProgress : undefined,
  };
}

/** Return what Angular would send, and name its type in `fields` unless the caller has. */
async function requestBody(request: HttpRequest<unknown>, fields: Record<string, string>): Promise<RequestBody | null> {
  const content = request.serializeBody();
  if (content === null) return null;
  const type = fields['content-type'] ?? request.detectContentTypeHeader();
  if (type) fields['content-type'] = type;
  if (typeof content === 'string') return type?.startsWith('application/json') ? { json: content } : asText(content, type);
  if (content instanceof Blob) return content;
  const whole = new Response(content);
  if (content instanceof FormData) fields['content-type'] = whole.headers.get('content-type')!; // it names the boundary
  return whole.blob();
}

function asText(content: string, type: string | null): RequestBody {
  return type?.startsWith('text/') ? { text: content } : new Blob([content]);
}

async function bodyOf(
  request: HttpRequest<unknown>,
  answer: Answer,
  subscriber: Subscriber<HttpEvent<unknown>>,
): Promise<unknown> {
  if (answer.status === 204 || answer.status === 304 || request.method === 'HEAD') return null;
  if (!request.reportProgress) return decoded(request, answer, () => answer.body);
  const total = answer.body.length ?? undefined;
  const decoder = request.responseType === 'text' ? new TextDecoder() : null;
  let partialText = '';
  const bytes = await readAll(answer.body.stream(), (loaded, part) => {
    if (decoder !== null) partialText += decoder.decode(part, { stream: true });
    subscriber.next({ type: HttpEventType.DownloadProgress, loaded, total, ...(decoder === null ? {} : { partialText }) });
  });
  return decoded(request, answer, () => ({
    json: async () => parsed(new TextDecoder().decode(bytes)),
    text: async () => new TextDecoder().decode(bytes),
    bytes: async () => bytes,
  }));
}

async function decoded(
  request: HttpRequest<unknown>,
  answer: Answer,
  body: () => Pick<Answer['body'], 'json' | 'text' | 'bytes'>,
): Promise<unknown> {
  const ok = answer.status >= 200 && answer.status < 300;
  switch (request.responseType) {
    case 'text':
      return body().text();
    case 'arraybuffer':
      return ownBuffer(await body().bytes());
    case 'blob':
      return new Blob([await body().bytes()], { type: answer.headers.get('content-type') ?? '' });
    default:
      return isJsonAnswer(answer) ? body().json() : lenient(await body().text(), ok);
  }
}

/** A part that came in a frame is a view behind the frame's header. */
function ownBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}

function isJsonAnswer(answer: Answer): boolean {
  return /[/+]json\b/i.test(answer.headers.get('content-type') ?? '') && answer.status < 400;
}

/** Angular takes the body of an error as text if it is no JSON. */
function lenient(text: string, ok: boolean): unknown {
  try {
    return parsed(text);
  } catch (error) {
    if (ok) throw error;
    return text;
  }
}

function parsed(text: string): unknown {
  const json = text.replace(XSSI_PREFIX, '');
  return json === '' ? null : JSON.parse(json);
}

function head(answer: Answer, url: string): { status: number; statusText: string; headers: HttpHeaders; url: string } {
  return { status: answer.status, statusText: '', headers: new HttpHeaders(answer.headers), url };
}

function failed(error: unknown, url: string): HttpErrorResponse {
  const status = error instanceof HubError ? error.problem.status : 0;
  const statusText = error instanceof Error ? error.message : '';
  return new HttpErrorResponse({
    error: error instanceof HubError ? { ...error.problem, processed: error.processed } : error,
    status,
    statusText,
    url,
  });
}
