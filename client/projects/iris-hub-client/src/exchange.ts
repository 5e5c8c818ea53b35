import {
  type HttpEvent,
  HttpEventType,
  HttpHeaderResponse,
  HttpHeaders,
  type HttpRequest,
  HttpResponse,
} from '@angular/common/http';
import type { Answer, Hub, HubRequest, RequestBody } from 'iris-hub-client/core';
import type { Observer } from 'rxjs';
import { type Content, bodyOf, parseJson, readContent, textOf } from './body';
import { HubHttpError } from './hub-http-error';
import { hubRequest } from './request';
import { statusText } from './status-text';

/** One request of HttpClient: its events in the order of Angular's backends, and in the end a response or an error. */
export class HttpExchange {
  private readonly aborter = new AbortController();
  private limit: ReturnType<typeof setTimeout> | undefined;
  private isUploadReported = false;
  private url: string;

  constructor(
    private readonly hub: Hub,
    private readonly request: HttpRequest<unknown>,
    private readonly observer: Observer<HttpEvent<unknown>>,
  ) {
    this.url = request.urlWithParams;
  }

  async run(): Promise<void> {
    const { observer, request } = this;
    let content: ReturnType<typeof request.serializeBody>;
    try {
      content = request.serializeBody();
    } catch (error) {
      return observer.error(error); // nothing was sent
    }
    observer.next({ type: HttpEventType.Sent });
    if (request.timeout) this.limit = setTimeout(() => this.timeOut(), request.timeout);
    try {
      const sent = hubRequest(request, content, this.aborter.signal, this.reportUpload);
      const answer = await this.hub.send(sent);
      this.onHead(sent, answer);
      this.finish(answer, await readContent(request, answer, (event) => observer.next(event)));
    } catch (error) {
      if (!this.aborter.signal.aborted) this.fail(error);
    } finally {
      clearTimeout(this.limit);
    }
  }

  /** The caller has gone: abort the request, up to the API. */
  cancel(): void {
    clearTimeout(this.limit);
    this.aborter.abort();
  }

  /** As with XMLHttpRequest the limit of a request covers its whole response. */
  private timeOut(): void {
    this.aborter.abort();
    this.fail(new DOMException('Request timed out', 'TimeoutError'));
  }

  private readonly reportUpload = (loaded: number, total: number): void => {
    this.isUploadReported = true;
    this.observer.next({ type: HttpEventType.UploadProgress, loaded, total });
  };

  private onHead({ body, onUploadProgress }: HubRequest, answer: Answer): void {
    if (!this.request.reportProgress) return;
    this.url = this.urlOf(answer);
    const size = body ? sizeOf(body) : 0;
    if (size > 0 && !this.isUploadReported) onUploadProgress?.(size, size); // it went inside one message
    this.observer.next(new HttpHeaderResponse(this.headOf(answer)));
  }

  private finish(answer: Answer, content: Content): void {
    const { observer, request } = this;
    const isSuccess = answer.status >= 200 && answer.status < 300;
    let body: unknown;
    try {
      body = bodyOf(request, answer, content);
    } catch (error) {
      const text = textOf(answer, content);
      return this.refuse(answer, isSuccess ? { error, text } : text, text);
    }
    if (!isSuccess) return this.refuse(answer, body, request.responseType === 'json' ? body : textOf(answer, content));
    observer.next(new HttpResponse({ body, ...this.headOf(answer) }));
    observer.complete();
  }

  private refuse(answer: Answer, error: unknown, content: unknown): void {
    const document = typeof content === 'string' ? jsonOrText(content) : content;
    this.observer.error(HubHttpError.ofResponse({ error, ...this.headOf(answer) }, answer, document));
  }

  private fail(error: unknown): void {
    this.observer.error(HubHttpError.ofFailure(error, this.url));
  }

  private urlOf({ redirectedTo }: Answer): string {
    return redirectedTo ?? new URL(this.request.urlWithParams, location.href).href.split('#')[0];
  }

  private headOf(answer: Answer) {
    const { status, redirectedTo } = answer;
    const redirected = redirectedTo !== undefined;
    return {
      status,
      statusText: statusText(status),
      headers: new HttpHeaders(answer.headers),
      url: this.urlOf(answer),
      redirected,
    };
  }
}

function sizeOf(body: RequestBody): number {
  return (body instanceof Blob ? body : new Blob([Object.values(body)[0] as string])).size;
}

function jsonOrText(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
