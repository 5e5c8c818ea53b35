import type { HttpRequest } from '@angular/common/http';
import type { HubRequest, RequestBody } from 'iris-hub-client/core';
import { multipart } from './form';
import { HUB_KEY, HUB_MODE, HUB_PASSIVE, HUB_PRIORITY, HUB_REVALIDATE, HUB_TIMEOUT } from './context';

const OWN_HEADERS = new Set(['x-xsrf-token']); // the hub's client proves by itself where requests come from

type SerializedBody = ReturnType<HttpRequest<unknown>['serializeBody']>;

/** Return what the hub's client sends for a request of HttpClient: what Angular's own backends would send. */
export function hubRequest(
  request: HttpRequest<unknown>,
  content: SerializedBody,
  signal: AbortSignal,
  onUploadProgress: (loaded: number, total: number) => void,
): HubRequest {
  const { context, headers, keepalive, redirect } = request;
  const fields: Record<string, string> = { accept: 'application/json, text/plain, */*' };
  for (const name of headers.keys()) {
    const key = name.toLowerCase();
    if (!OWN_HEADERS.has(key)) fields[key] = headers.getAll(name)!.join(',');
  }
  const body = requestBody(request, content, fields);
  const url = new URL(request.urlWithParams, location.href);
  return {
    method: request.method,
    path: url.pathname + url.search,
    headers: fields,
    body,
    signal,
    keepalive,
    redirect,
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
function requestBody(request: HttpRequest<unknown>, content: SerializedBody, fields: Record<string, string>): RequestBody | null {
  if (content === null) return null;
  const type = fields['content-type'] ?? request.detectContentTypeHeader();
  if (type) fields['content-type'] = type;
  if (typeof content === 'string') return { text: content };
  if (content instanceof Blob) return content;
  if (content instanceof URLSearchParams) return { text: content.toString() };
  return content instanceof FormData ? multipart(content) : new Blob([content]);
}
