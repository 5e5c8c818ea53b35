import { HttpHeaders, HttpParams } from '@angular/common/http';
import type { Area, Behavior } from './behavior';
import { type ResponseSpec, urlOf } from './response-spec';

type Pairs = [string, string][];

const JSON_TYPE: Pairs = [['Content-Type', 'application/json']];
const TEXT: Pairs = [['Content-Type', 'text/plain;charset=utf-8']];
const BINARY: Pairs = [['Content-Type', 'application/octet-stream']];
const ALL_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('');
const EXACT = '{"id":9007199254740993, "f":1.0,"dup":1,"dup":2,"e":1e2}';
const TYPES = ['json', 'text', 'blob', 'arraybuffer'] as const;
const json = (body: string): ResponseSpec => ({ headers: JSON_TYPE, body });
const report = { reportProgress: true };

/** The same response, read in each way. */
function readEachWay(id: string, title: string, response: ResponseSpec, more: Partial<Behavior> = {}): Behavior[] {
  return TYPES.map((responseType) => ({
    ...more,
    id: `${id}-${responseType}`,
    title: `${title}, read as ${responseType}`,
    response,
    options: { ...more.options, responseType },
  }));
}

function sent(id: string, title: string, body: () => unknown, more: Partial<Behavior> = {}): Behavior {
  return { id: `send-${id}`, title, method: 'POST', body, response: json('{}'), ...more };
}

function contentType(value: string): HttpHeaders {
  return new HttpHeaders({ 'Content-Type': value });
}

function form(): FormData {
  const data = new FormData();
  data.append('name', 'Ümit');
  data.append('file', new Blob([new Uint8Array([0, 255, 10])], { type: 'image/png' }), 'scan.png');
  return data;
}

const REQUEST_BODIES: Area = {
  name: 'Bodies of requests',
  behaviors: [
    sent('object', 'an object', () => ({ name: 'Ümit', n: 1.5, none: null, gone: undefined })),
    sent('array', 'an array', () => [1, 'a', null]),
    sent('number', 'a number', () => 7),
    sent('zero', 'zero', () => 0),
    sent('boolean', 'a boolean', () => false),
    sent('null', 'null', () => null),
    sent('text', 'a string', () => 'plain "text" \\ ü \u2028 🦉'),
    sent('empty-text', 'an empty string', () => ''),
    sent('json-text', 'a string that is JSON, declared so', () => EXACT, { headers: contentType('application/json') }),
    sent('no-json', 'a string that is no JSON, declared as JSON', () => 'this is no JSON', {
      headers: contentType('application/json'),
    }),
    sent(
      'injection',
      'a string that would change a message it is pasted into',
      () => '1,"method":"DELETE","path":"/api/victim"',
      {
        headers: contentType('application/json'),
      },
    ),
    sent('suffix-json', 'a string of a +json type', () => '{"a": 1.0}', { headers: contentType('application/merge-patch+json') }),
    sent('xml', 'XML', () => '<a>ü</a>', { headers: contentType('application/xml') }),
    sent('params', 'HttpParams', () => new HttpParams({ fromObject: { a: '1 2', 'ü&=': ['x+y', '?'] } })),
    sent('search-params', 'URLSearchParams', () => new URLSearchParams({ a: '1 2', ü: '&' })),
    sent('form', 'FormData with a file', form),
    sent('blob', 'a Blob with a type', () => new Blob([new Uint8Array([1, 2, 3])], { type: 'image/png' })),
    sent('untyped-blob', 'a Blob without a type', () => new Blob([new Uint8Array([1, 2, 3])])),
    sent('empty-blob', 'an empty Blob', () => new Blob([], { type: 'image/png' })),
    sent('bytes', 'an ArrayBuffer with every byte', () => Uint8Array.from({ length: 256 }, (_, byte) => byte).buffer),
    sent('typed-array', 'a Uint8Array', () => new Uint8Array([1, 2])),
    sent('large-json', '300 KB of JSON', () => ({ text: 'ü'.repeat(150_000) })),
    sent('large-text', '300 KB of text', () => 'ü'.repeat(150_000)),
    sent('large-blob', '2 MB', () => new Blob([new Uint8Array(2_000_000).fill(7)])),
    sent('put', 'PUT', () => ({ a: 1 }), { method: 'PUT' }),
    sent('patch', 'PATCH', () => ({ a: 1 }), { method: 'PATCH' }),
    sent('delete', 'DELETE with a body', () => ({ a: 1 }), { method: 'DELETE' }),
    sent('delete-empty', 'DELETE without one', () => undefined, { method: 'DELETE' }),
  ],
};

const RESPONSE_BODIES: Area = {
  name: 'Bodies of responses',
  behaviors: [
    ...readEachWay('json', 'JSON with digits, repeated names and spaces', json(EXACT)),
    ...readEachWay('json-null', 'the JSON value null', json('null')),
    ...readEachWay('json-string', 'a JSON string', json('"ü \\u2028"')),
    ...readEachWay('fhir', 'JSON of a +json type', { headers: [['Content-Type', 'application/fhir+json']], body: '{"a": 1.0}' }),
    ...readEachWay('untyped-json', 'JSON without a type', { body: '{"a":1}' }),
    ...readEachWay('text', 'text', { headers: TEXT, body: 'grün 🦉\n' }),
    ...readEachWay('latin', 'text in ISO-8859-1', {
      headers: [['Content-Type', 'text/plain; charset=iso-8859-1']],
      body: { hex: '6772fc6e' },
    }),
    ...readEachWay('bom', 'JSON behind a byte order mark', { headers: JSON_TYPE, body: { hex: 'efbbbf7b7d' } }),
    ...readEachWay('bad-utf8', 'text that is no UTF-8', { headers: TEXT, body: { hex: '61ff62c3' } }),
    ...readEachWay('binary', 'every byte', { headers: BINARY, body: { hex: ALL_BYTES } }),
    ...readEachWay('empty', '200 without a body', { headers: JSON_TYPE, body: '' }),
    ...readEachWay('no-content', '204', { status: 204 }),
    ...readEachWay('reset-content', '205', { status: 205 }),
    ...readEachWay('head', 'HEAD', json(EXACT), { method: 'HEAD' }),
    ...readEachWay('chunked', 'JSON of unknown length', { ...json('{"a":"' + 'x'.repeat(500) + '"}'), how: 'chunks' }),
    ...readEachWay('large', '1 MB of text', { headers: TEXT, body: 'grün 7890', times: 100_000 }),
    ...readEachWay('not-json', '200 with text that is no JSON, declared as JSON', json('Sorry <b>')),
    ...readEachWay('html', '200 with a page of HTML', { headers: [['Content-Type', 'text/html']], body: '<p>Log in' }),
    { id: 'xssi', title: "JSON behind )]}',", response: json(')]}\',\n{"a":1}') },
    { id: 'xssi-no-comma', title: 'JSON behind )]}', response: json(')]}\n[1]') },
    { id: 'xssi-empty', title: 'the prefix alone', response: json(")]}',\n") },
    { id: 'xssi-text', title: 'the prefix, read as text', response: json(")]}',\n{}"), options: { responseType: 'text' } },
    { id: 'xssi-error', title: 'the prefix in an error', response: { ...json(')]}\',\n{"a":1}'), status: 400 } },
    { id: 'xssi-no-json', title: 'the prefix before what is no JSON', response: json(")]}',\nSorry") },
    {
      id: 'created',
      title: '201 with Location',
      method: 'POST',
      body: () => ({}),
      response: { ...json('{"id":1}'), status: 201, headers: [...JSON_TYPE, ['Location', '/x/1']] },
    },
  ],
};

const ERRORS: Area = {
  name: 'Errors',
  behaviors: [
    ...readEachWay('error-json', '400 with JSON', { ...json('{"code":7}'), status: 400 }),
    ...readEachWay('error-text', '500 with text', { status: 500, headers: TEXT, body: 'Oops ü' }),
    ...readEachWay('error-empty', '404 without a body', { status: 404 }),
    ...readEachWay('error-not-json', '502 of the API with text declared as JSON', { ...json('<h1>Bad'), status: 502 }),
    { id: 'error-forbidden', title: '403', response: { ...json('{}'), status: 403 } },
    {
      id: 'error-conflict',
      title: '409 for PUT',
      method: 'PUT',
      body: () => ({}),
      response: { ...json('{"v":2}'), status: 409 },
    },
    {
      id: 'error-retry-after',
      title: '503 with Retry-After',
      response: { ...json('{}'), status: 503, headers: [...JSON_TYPE, ['Retry-After', '7']] },
    },
    {
      id: 'error-reason',
      title: '400 with a reason phrase of its own',
      response: { ...json('{}'), status: 400, reason: 'Ward is closed' },
    },
    { id: 'error-unassigned', title: '499, which has no name', response: { ...json('{}'), status: 499 } },
    ...readEachWay(
      'error-no-response',
      'the API closes the connection without a response',
      { how: 'closed' },
      { method: 'POST', body: () => ({}) },
    ),
    {
      id: 'error-garbage',
      title: 'the API sends something that is no HTTP',
      response: { how: 'garbage' },
      method: 'POST',
      body: () => ({}),
    },
    ...readEachWay('error-broken', 'the API breaks off in the middle of the body', {
      headers: TEXT,
      body: 'x'.repeat(1000),
      how: 'broken',
    }),
    {
      id: 'error-broken-reported',
      title: 'the same with progress',
      response: { headers: TEXT, body: 'x'.repeat(1000), how: 'broken' },
      options: report,
    },
    { id: 'error-path', title: 'a path that the hub rejects', path: '/api/%2e%2e/x' },
    { id: 'error-circular', title: 'a body that cannot be JSON', method: 'POST', body: circular },
  ],
};

function circular(): unknown {
  const body: Record<string, unknown> = {};
  body['self'] = body;
  return body;
}

const EVENTS: Area = {
  name: 'Events and progress',
  behaviors: [
    { id: 'events', title: 'GET', response: json('{}') },
    ...readEachWay(
      'progress',
      'download of known length',
      { headers: TEXT, body: 'grün 7890', times: 30_000 },
      { options: report },
    ),
    ...readEachWay(
      'progress-chunks',
      'download of unknown length',
      { headers: TEXT, body: 'grün', times: 500, how: 'chunks' },
      { options: report },
    ),
    { id: 'progress-small', title: 'a small download', response: json('{"a":1}'), options: report },
    { id: 'progress-empty', title: 'an empty download', response: { headers: JSON_TYPE }, options: report },
    { id: 'progress-no-content', title: '204', response: { status: 204 }, options: report },
    { id: 'progress-error', title: 'an error', response: { ...json('{"a":1}'), status: 400 }, options: report },
    sent('progress-json', 'an upload of JSON', () => ({ a: 1 }), { options: report }),
    sent('progress-large-json', 'an upload of 300 KB of JSON', () => ({ text: 'x'.repeat(300_000) }), { options: report }),
    sent('progress-text', 'an upload of text', () => 'grün', { options: report }),
    sent('progress-blob', 'an upload of 2 MB', () => new Blob([new Uint8Array(2_000_000)]), { options: report }),
    sent('progress-form', 'an upload of a form', form, { options: report }),
    sent('progress-nothing', 'a POST without a body', () => null, { options: report }),
    sent('progress-empty-text', 'an upload of nothing', () => '', { options: report }),
  ],
};

const HEADERS: Area = {
  name: 'Addresses and headers',
  behaviors: [
    { id: 'header', title: 'a request header', headers: new HttpHeaders({ 'X-Test': 'a b' }) },
    { id: 'header-list', title: 'a header with two values', headers: new HttpHeaders({ 'X-Test': ['a', 'b'] }) },
    { id: 'header-appended', title: 'an appended value', headers: new HttpHeaders().append('X-Test', 'a').append('x-test', 'b') },
    { id: 'header-accept', title: 'Accept', headers: new HttpHeaders({ Accept: 'text/csv' }) },
    { id: 'header-language', title: 'Accept-Language', headers: new HttpHeaders({ 'Accept-Language': 'de' }) },
    {
      id: 'header-if-match',
      title: 'If-Match',
      method: 'PUT',
      body: () => ({}),
      headers: new HttpHeaders({ 'If-Match': '"7"' }),
    },
    {
      id: 'header-not-modified',
      title: 'If-None-Match, answered by 304',
      headers: new HttpHeaders({ 'If-None-Match': '"7"' }),
      response: { status: 304, headers: [['ETag', '"7"']] },
    },
    {
      id: 'header-type',
      title: 'a content type of its own',
      method: 'POST',
      body: () => ({ a: 1 }),
      headers: contentType('application/vnd.ward+json'),
    },
    { id: 'header-large', title: '6 KB of headers', headers: new HttpHeaders({ 'X-Test': 'x'.repeat(6000) }) },
    {
      id: 'response-headers',
      title: 'response headers',
      response: {
        headers: [
          ['X-One', '1'],
          ['ETag', '"7"'],
          ['Link', '<a>; rel=next'],
        ],
      },
    },
    {
      id: 'response-header-list',
      title: 'a response header twice',
      response: {
        headers: [
          ['X-Two', 'a'],
          ['X-Two', 'b'],
        ],
      },
    },
    {
      id: 'params',
      title: 'parameters',
      params: new HttpParams({ fromObject: { a: 'b c', plus: '+', list: ['1', '2'], ü: '&=?/' } }),
    },
    {
      id: 'params-after-query',
      title: 'parameters behind a query',
      path: '/api/x?q=1',
      params: new HttpParams({ fromObject: { p: '2' } }),
    },
    { id: 'path-encoded', title: 'an encoded path', path: '/api/a%20b/%C3%BC' },
    { id: 'path-raw', title: 'a path that the browser encodes', path: '/api/a b/ü' },
    { id: 'path-fragment', title: 'an absolute address', path: `${location.origin}/api/x` },
    { id: 'path-relative', title: 'a relative address', path: 'api/x' },
    { id: 'path-long', title: 'an address of 6 KB', path: `/api/x?long=${'y'.repeat(6000)}` },
  ],
};

const to = (status: number, next: ResponseSpec = json('{"here":true}')): ResponseSpec => ({
  status,
  headers: [['Location', urlOf(next, '/next')]],
});
const post = { method: 'POST', body: () => ({ a: 1 }) };

const REDIRECTS: Area = {
  name: 'Redirects',
  behaviors: [
    ...[301, 302, 303, 307, 308].map((status) => ({ id: `redirect-${status}`, title: `GET, ${status}`, response: to(status) })),
    ...[301, 302, 303, 307, 308].map((status) => ({
      ...post,
      id: `redirect-post-${status}`,
      title: `POST, ${status}`,
      response: to(status),
    })),
    { id: 'redirect-put-303', title: 'PUT, 303', method: 'PUT', body: () => ({ a: 1 }), response: to(303) },
    { id: 'redirect-put-302', title: 'PUT, 302', method: 'PUT', body: () => ({ a: 1 }), response: to(302) },
    { id: 'redirect-head', title: 'HEAD, 302', method: 'HEAD', response: to(302) },
    { id: 'redirect-twice', title: 'two redirects', response: to(302, to(301)) },
    { id: 'redirect-to-error', title: 'a redirect to 404', response: to(302, { ...json('{"no":1}'), status: 404 }) },
    { id: 'redirect-circle', title: 'a circle', response: { how: 'circle' } },
    {
      id: 'redirect-to-page',
      title: 'a redirect to a file of the application',
      response: { status: 302, headers: [['Location', '/moved.txt']] },
      options: { responseType: 'text' },
    },
    { id: 'redirect-nowhere', title: '302 without Location', response: { ...json('{}'), status: 302 } },
    {
      id: 'redirect-upload',
      title: 'an upload that is redirected',
      method: 'POST',
      body: () => new Blob([new Uint8Array(300_000)]),
      response: to(307),
    },
  ],
};

const ENDS: Area = {
  name: 'Time limits and cancellation',
  behaviors: [
    { id: 'timeout-head', title: 'nothing comes in time', response: { how: 'silent' }, options: { timeout: 400 } },
    {
      id: 'timeout-body',
      title: 'the body does not end in time',
      response: { headers: TEXT, body: 'begun', how: 'begun' },
      options: { timeout: 600, responseType: 'text' },
    },
    { id: 'timeout-post', title: 'a POST', ...post, response: { how: 'silent' }, options: { timeout: 400 } },
    { id: 'timeout-not-reached', title: 'a response in time', response: json('{}'), options: { timeout: 60_000 } },
    { id: 'cancel-sent', title: 'unsubscribe before the response', response: { how: 'silent' }, unsubscribe: 'sent' },
    {
      id: 'cancel-body',
      title: 'unsubscribe in the middle of the body',
      response: { headers: TEXT, body: 'begun', how: 'begun' },
      options: report,
      unsubscribe: 'headers',
    },
    {
      id: 'cancel-upload',
      title: 'unsubscribe from an upload',
      method: 'POST',
      body: () => new Blob([new Uint8Array(2_000_000)]),
      response: { how: 'silent' },
      unsubscribe: 'sent',
    },
  ],
};

const OPTIONS: Area = {
  name: 'Options',
  behaviors: [
    { id: 'with-credentials', title: 'withCredentials', response: json('{}'), options: { withCredentials: true } },
    { id: 'keepalive', title: 'keepalive', ...post, response: json('{}'), options: { keepalive: true } },
    { id: 'no-store', title: "cache: 'no-store'", response: json('{}'), options: { cache: 'no-store' } },
    { id: 'priority', title: "priority: 'high'", response: json('{}'), options: { priority: 'high' } },
    { id: 'redirect-error', title: "redirect: 'error'", response: to(302), options: { redirect: 'error' } },
    { id: 'jsonp', title: 'JSONP', method: 'JSONP', path: '/api/x?callback=JSONP_CALLBACK' },
    { id: 'together', title: 'twenty requests at once', response: json('{}'), together: 20 },
  ],
};

export const AREAS: Area[] = [REQUEST_BODIES, RESPONSE_BODIES, ERRORS, EVENTS, HEADERS, REDIRECTS, ENDS, OPTIONS];
