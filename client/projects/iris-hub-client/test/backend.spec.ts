// @vitest-environment jsdom
import './environment';
import {
  HttpClient,
  HttpContext,
  HttpErrorResponse,
  type HttpEvent,
  HttpEventType,
  HttpHeaders,
  HttpParams,
  httpResource,
  provideHttpClient,
  withInterceptors,
} from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { type ApplicationRef, PLATFORM_ID } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Hub, HubError, type HubRequest } from 'iris-hub-client/core';
import { InlineBody, StreamedBody } from '../core/src/answer';
import { HUB_KEY, HUB_MODE, HUB_PASSIVE, HUB_PRIORITY } from '../src/context';
import { HUB } from '../src/hub';
import { HubHttpError } from '../src/hub-http-error';
import { provideHub } from '../src/provide-hub';

let requests: HubRequest[];
let reply: (request: HubRequest) => Promise<Answer>;
let http: HttpClient;

function answer(status: number, body: unknown, type = 'application/json'): Answer {
  const inline = new InlineBody(body === null ? '' : type === 'application/json' ? JSON.stringify(body) : String(body));
  return {
    status,
    headers: new Headers({ 'content-type': type }),
    body: inline,
    transport: 'channel',
    replayed: false,
    timing: null,
  };
}

const hub = {
  start: async () => undefined,
  stop: () => undefined,
  serves: (url: string) => url.startsWith('/api/'),
  send: (request: HubRequest) => (requests.push(request), reply(request)),
} as unknown as Hub;

const failure = (call: Promise<unknown>): Promise<HttpErrorResponse> =>
  call.then(
    () => Promise.reject(new Error('no failure')),
    (error) => error,
  );

beforeEach(() => {
  TestBed.resetTestingModule();
  requests = [];
  reply = async () => answer(200, { items: [1] });
  TestBed.configureTestingModule({ providers: [provideHttpClient(), provideHub(), { provide: HUB, useValue: hub }] });
  http = TestBed.inject(HttpClient);
});

describe('HttpClient over the hub', () => {
  test('reads JSON as a value', async () => {
    expect(await firstValueFrom(http.get('/api/a', { params: { q: 'ä b' } }))).toEqual({ items: [1] });
    expect(requests[0]).toMatchObject({ method: 'GET', path: '/api/a?q=%C3%A4%20b', body: null, mode: 'auto', priority: 1 });
  });

  test('reads it as text', async () => {
    expect(await firstValueFrom(http.get('/api/a', { responseType: 'text' }))).toBe('{"items":[1]}');
  });

  test('sends JSON as the text that Angular made of it', async () => {
    await firstValueFrom(http.post('/api/a', { n: 1 }, { headers: { 'If-Match': '"x"', 'X-XSRF-TOKEN': 't' } }));
    expect(requests[0]).toMatchObject({
      body: { text: '{"n":1}' },
      headers: { 'content-type': 'application/json', 'if-match': '"x"' },
    });
    expect(requests[0].headers).not.toHaveProperty('x-xsrf-token');
  });

  test.each(['application/json', 'application/xml', 'text/plain'])('sends a text of the type %s as it is', async (type) => {
    const text = '1,"method":"DELETE","path":"/api/b"';
    await firstValueFrom(http.post('/api/a', text, { headers: { 'Content-Type': type } }));
    expect(requests[0]).toMatchObject({ method: 'POST', path: '/api/a', body: { text }, headers: { 'content-type': type } });
  });

  test('sends a form as Angular does', async () => {
    await firstValueFrom(http.post('/api/a', new HttpParams({ fromObject: { a: '1' } })));
    expect(requests[0].headers!['content-type']).toContain('application/x-www-form-urlencoded');
  });

  test('the context says how', async () => {
    const context = new HttpContext().set(HUB_MODE, 'http').set(HUB_PRIORITY, 3).set(HUB_KEY, null).set(HUB_PASSIVE, true);
    await firstValueFrom(http.get('/api/a', { context }));
    expect(requests[0]).toMatchObject({ mode: 'http', priority: 3, key: null, passive: true });
  });

  test('a status of the API is an HttpErrorResponse with its body', async () => {
    reply = async () => answer(412, { summary: 'changed' });
    expect(await failure(firstValueFrom(http.put('/api/a', {})))).toMatchObject({ status: 412, error: { summary: 'changed' } });
  });

  test('no response is an error that tells whether it may have been executed', async () => {
    reply = () => Promise.reject(HubError.of('outcome-unknown', 'The connection broke.', 'maybe'));
    const error = await failure(firstValueFrom(http.post('/api/a', {})));
    expect(error).toBeInstanceOf(HubHttpError);
    expect(error).toBeInstanceOf(HttpErrorResponse);
    expect(error).toMatchObject({ status: 0, statusText: 'Unknown Error', processed: 'maybe', error: { processed: 'maybe' } });
  });

  test.each(['json', 'text', 'blob', 'arraybuffer'] as const)('a problem of the hub is read for %s', async (responseType) => {
    const problem = { type: 'urn:hub:problem:resource-server-timeout', title: 'No', status: 504, processed: 'maybe' };
    reply = async () => ({ ...answer(504, problem), headers: new Headers({ 'retry-after': '7' }) });
    const error = (await failure(firstValueFrom(http.request('GET', '/api/a', { responseType })))) as HubHttpError;
    expect(error).toMatchObject({ status: 504, statusText: 'Gateway Timeout', problem, processed: 'maybe', retryAfterMs: 7000 });
  });

  test('an error of the API is none of the hub', async () => {
    reply = async () => answer(503, { type: 'about:blank', processed: 'maybe' });
    expect(await failure(firstValueFrom(http.get('/api/a')))).toMatchObject({
      problem: null,
      processed: null,
      retryAfterMs: null,
    });
  });

  test('text that is no JSON is at hand in the error', async () => {
    reply = async () => answer(200, '<p>Log in', 'text/html');
    const error = await failure(firstValueFrom(http.get('/api/a')));
    expect(error).toMatchObject({ status: 200, ok: false, error: { text: '<p>Log in', error: { name: 'SyntaxError' } } });
  });

  test('the prefix against script inclusion is taken off', async () => {
    reply = async () => answer(200, ")]}',\n[1]", 'text/plain');
    expect(await firstValueFrom(http.get('/api/a'))).toEqual([1]);
  });

  test.each([
    ['of the request', { timeout: 5 }, () => new Promise<Answer>(() => undefined)],
    ['of HUB_TIMEOUT', {}, () => Promise.reject(HubError.timedOut('maybe'))],
  ])('a time limit %s is an error as with XMLHttpRequest', async (_name, options, silent) => {
    reply = silent;
    const error = (await failure(firstValueFrom(http.get('/api/a', options)))) as HubHttpError;
    expect(error).toMatchObject({
      status: 0,
      statusText: 'Request timeout',
      processed: 'maybe',
      error: { name: 'TimeoutError' },
    });
  });

  test('a time limit covers the whole response, and cancels it', async () => {
    let left = false;
    reply = async () => ({
      ...answer(200, null, 'text/plain'),
      body: new StreamedBody(
        9,
        () => undefined,
        () => (left = true),
      ),
    });
    expect(await failure(firstValueFrom(http.get('/api/a', { timeout: 5 })))).toMatchObject({ error: { name: 'TimeoutError' } });
    expect(requests[0].signal?.aborted).toBe(true);
    expect(left).toBe(false); // the hub's client ends it by the signal
  });

  test('Sent comes first, at once', () => {
    const events: HttpEvent<unknown>[] = [];
    http.post('/api/a', new FormData(), { observe: 'events' }).subscribe((event) => events.push(event));
    expect(events).toEqual([{ type: HttpEventType.Sent }]);
  });

  test('a body that went inside one message is reported as a whole', async () => {
    const call = http.post('/api/a', { n: 'ü' }, { observe: 'events', reportProgress: true });
    const events = (await lastValueFrom(call.pipe(toArray()))) as HttpEvent<unknown>[];
    expect(events.map(({ type }) => HttpEventType[type]).slice(0, 3)).toEqual(['Sent', 'UploadProgress', 'ResponseHeader']);
    expect(events[1]).toMatchObject({ loaded: 10, total: 10 });
  });

  test('the response says where it comes from', async () => {
    expect((await firstValueFrom(http.get('/api/a', { observe: 'response' }))).url).toBe(`${location.origin}/api/a`);
    reply = async () => ({ ...answer(200, {}), redirectedTo: `${location.origin}/api/b` });
    expect((await firstValueFrom(http.get('/api/a', { observe: 'response' }))).url).toBe(`${location.origin}/api/b`);
  });

  test('reports progress both ways', async () => {
    reply = async (request) => {
      request.onUploadProgress?.(1, 2);
      request.onUploadProgress?.(2, 2);
      const body = new StreamedBody(
        4,
        () => undefined,
        () => undefined,
      );
      body.feed(new TextEncoder().encode('ab'));
      body.feed(new TextEncoder().encode('cd'));
      body.finish();
      return { ...answer(200, null, 'text/plain'), body };
    };
    const call = http.post('/api/a', 'xy', { observe: 'events', reportProgress: true, responseType: 'text' });
    const events = (await lastValueFrom(call.pipe(toArray()))) as HttpEvent<string>[];
    expect(events.filter(({ type }) => type === HttpEventType.UploadProgress)).toMatchObject([
      { loaded: 1 },
      { loaded: 2, total: 2 },
    ]);
    expect(events.filter(({ type }) => type === HttpEventType.DownloadProgress)).toMatchObject([
      { loaded: 2, total: 4, partialText: 'ab' },
      { loaded: 4, total: 4, partialText: 'abcd' },
    ]);
    expect(events.at(-1)).toMatchObject({ type: HttpEventType.Response, body: 'abcd' });
  });

  test('unsubscribing aborts the request', async () => {
    let signal: AbortSignal | undefined;
    const sent = new Promise<void>((resolve) => {
      reply = (request) => ((signal = request.signal), resolve(), new Promise(() => undefined));
    });
    const subscription = http.get('/api/slow').subscribe();
    await sent;
    subscription.unsubscribe();
    expect(signal?.aborted).toBe(true);
  });

  test('httpResource works on top of it', async () => {
    const resource = TestBed.runInInjectionContext(() => httpResource<{ items: number[] }>(() => '/api/a'));
    TestBed.tick();
    await TestBed.inject((await import('@angular/core')).ApplicationRef as typeof ApplicationRef).whenStable();
    expect(resource.value()).toEqual({ items: [1] });
  });
});

describe('what the hub leaves alone', () => {
  test('interceptors see requests before it', async () => {
    TestBed.resetTestingModule();
    const seen: string[] = [];
    const log = withInterceptors([
      (request, next) => (seen.push(request.url), next(request.clone({ headers: new HttpHeaders({ 'X-Ward': '7' }) }))),
    ]);
    TestBed.configureTestingModule({ providers: [provideHttpClient(log), provideHub(), { provide: HUB, useValue: hub }] });
    await firstValueFrom(TestBed.inject(HttpClient).get('/api/a'));
    expect(seen).toEqual(['/api/a']);
    expect(requests[0].headers).toMatchObject({ 'x-ward': '7' });
  });

  test('HttpTestingController takes its place', () => {
    TestBed.resetTestingModule();
    const providers = [provideHttpClient(), provideHub(), { provide: HUB, useValue: hub }, provideHttpClientTesting()];
    TestBed.configureTestingModule({ providers });
    TestBed.inject(HttpClient).get('/api/a').subscribe();
    TestBed.inject(HttpTestingController).expectOne('/api/a').flush({});
    expect(requests).toEqual([]);
  });

  test('on a server there is no hub, and requests go as Angular sends them', () => {
    TestBed.resetTestingModule();
    TestBed.configureTestingModule({
      providers: [provideHttpClient(), provideHub(), { provide: PLATFORM_ID, useValue: 'server' }],
    });
    expect(TestBed.inject(HUB)).toBeNull();
  });
});
