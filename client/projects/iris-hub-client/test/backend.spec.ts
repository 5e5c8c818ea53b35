// @vitest-environment jsdom
import './environment';
import {
  HttpClient,
  HttpContext,
  type HttpErrorResponse,
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
import { provideHub } from '../src/provide-hub';

let requests: HubRequest[];
let reply: (request: HubRequest) => Promise<Answer>;
let http: HttpClient;

function answer(status: number, body: unknown, type = 'application/json'): Answer {
  const inline = new InlineBody(body ?? undefined, type === 'application/json');
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
      body: { json: '{"n":1}' },
      headers: { 'content-type': 'application/json', 'if-match': '"x"' },
    });
    expect(requests[0].headers).not.toHaveProperty('x-xsrf-token');
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

  test('no answer is an HttpErrorResponse that tells whether it may have been executed', async () => {
    reply = () => Promise.reject(HubError.of('outcome-unknown', 'The connection broke.', 'maybe'));
    expect(await failure(firstValueFrom(http.post('/api/a', {})))).toMatchObject({ status: 0, error: { processed: 'maybe' } });
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
      body.finish('complete');
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
