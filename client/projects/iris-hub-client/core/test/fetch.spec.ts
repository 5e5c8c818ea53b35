import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Answer, InlineBody } from '../src/answer';
import { fetchThrough } from '../src/fetch';
import type { Hub, HubRequest } from '../src/hub';

const requests: HubRequest[] = [];
let more: Partial<Answer> = {};

const hub = {
  serves: (url: string) => new URL(url).pathname.startsWith('/api/'),
  send: async (request: HubRequest): Promise<Answer> => {
    requests.push(request);
    const body = new InlineBody('hello');
    return {
      status: 200,
      headers: new Headers({ etag: '"1"' }),
      body,
      transport: 'channel',
      replayed: false,
      timing: null,
      ...more,
    };
  },
} as unknown as Hub;

beforeEach(() => vi.stubGlobal('location', new URL('http://localhost/')));

afterEach(() => {
  requests.length = 0;
  more = {};
  vi.unstubAllGlobals();
});

describe('fetch through the hub', () => {
  test('takes a Request, as the clients do that are made from an OpenAPI document', async () => {
    const init = { method: 'PUT', body: '{"a":1}', headers: { 'content-type': 'application/json', 'x-ward': '7' } };
    await fetchThrough(hub, new Request(new URL('/api/a?q=1', location.href), init));
    expect(requests[0]).toMatchObject({ method: 'PUT', path: '/api/a?q=1', headers: init.headers });
    expect(await new Response(requests[0].body as Blob).text()).toBe('{"a":1}');
  });

  test('the parameters win over those of the Request', async () => {
    const aborter = new AbortController();
    await fetchThrough(hub, new Request(new URL('/api/a', location.href)), { method: 'DELETE', signal: aborter.signal });
    expect(requests[0]).toMatchObject({ method: 'DELETE', body: null });
    aborter.abort();
    expect(requests[0].signal?.aborted).toBe(true);
  });

  test('the response says where it comes from', async () => {
    const response = await fetchThrough(hub, '/api/a#b');
    expect([response.url, response.redirected, await response.text()]).toEqual([`${location.origin}/api/a`, false, 'hello']);
    more = { redirectedTo: `${location.origin}/api/b` };
    const redirected = await fetchThrough(hub, '/api/a');
    expect([redirected.url, redirected.redirected]).toEqual([`${location.origin}/api/b`, true]);
  });

  test('what the hub does not forward goes where it always went', async () => {
    const plain = vi.fn(async (_request: Request) => new Response('plain'));
    vi.stubGlobal('fetch', plain);
    expect(await (await fetchThrough(hub, '/assets/a.json')).text()).toBe('plain');
    expect(plain.mock.calls[0][0].url).toBe(`${location.origin}/assets/a.json`);
    expect(requests).toEqual([]);
  });
});
