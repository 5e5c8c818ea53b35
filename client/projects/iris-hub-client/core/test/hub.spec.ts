// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeHub, FakeSharing } from '../../testing/fake-hub';
import { FakeWorld } from '../../testing/fake-world';
import { Hub, type HubOptions, type HubRequest } from '../src/hub';

const SESSION = {
  authenticated: true,
  identity: 'i1',
  subject: 'alice',
  name: 'Alice',
  claims: {},
  idle_expires_in: 900,
  absolute_expires_in: 43_200,
  warning_in: 840,
  token_expires_in: 60,
};

let world: FakeWorld;
let events: FakeHub;
let hub: Hub;
let session: Record<string, unknown>;
let asked: { path: string; method: string; headers: Headers }[];
let api: (path: string) => Response | Promise<Response>;

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

async function fakeFetch(input: string, init: RequestInit = {}): Promise<Response> {
  if (input.startsWith('/hub/session')) return json(session);
  if (input === '/hub/events') return events.fetch(input, init);
  asked.push({ path: input, method: init.method ?? 'GET', headers: new Headers(init.headers) });
  const { signal } = init;
  const aborted = new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  return Promise.race([api(input), aborted]);
}

async function started(options: HubOptions = {}): Promise<Hub> {
  hub = new Hub(options, world);
  await hub.start();
  return hub;
}

const get = (path: string, more: Partial<HubRequest> = {}): Promise<unknown> =>
  hub.send({ method: 'GET', path, ...more }).then(({ body }) => body.json());

beforeEach(() => {
  world = new FakeWorld();
  world.sharing = new FakeSharing();
  events = new FakeHub();
  session = SESSION;
  asked = [];
  api = () => json({ n: 1 });
  vi.stubGlobal('fetch', fakeFetch);
});

afterEach(() => {
  hub.stop();
  vi.unstubAllGlobals();
});

describe('which way a request goes', () => {
  test('only what the hub forwards is its business', async () => {
    await started({ routes: ['/api', '/fhir/'] });
    const urls = [
      '/api',
      '/api/a?b',
      '/fhir/Patient',
      `${location.origin}/api/a`,
      '/apis',
      '/assets/x.json',
      'https://other.example/api/a',
    ];
    expect(urls.filter((url) => hub.serves(url))).toEqual(urls.slice(0, 4));
  });

  test('over the channel once it is open', async () => {
    await started();
    world.accept();
    const call = get('/api/a');
    await vi.waitFor(() => expect(world.socket.last('request')).toMatchObject({ path: '/api/a' }));
    world.socket.say({ type: 'response', id: 1, status: 200, headers: { 'content-type': 'application/json' }, body: { n: 2 } });
    expect(await call).toEqual({ n: 2 });
    expect(asked).toEqual([]);
  });

  test('over HTTP with proof and key where there is no channel', async () => {
    await started({ mode: 'http' });
    await hub.send({ method: 'POST', path: '/api/a', body: { json: '{}' } });
    const { headers, method } = asked[0];
    expect(method).toBe('POST');
    expect(headers.get('x-hub-csrf')).toBe('1');
    expect(headers.get('x-hub-identity')).toBe('i1');
    expect(headers.get('x-hub-key')).toMatch(/^key-/);
    expect(world.sockets).toEqual([]);
  });

  test('over HTTP with the same key when the channel does not come back', async () => {
    await started();
    world.accept();
    const answer = hub.send({ method: 'POST', path: '/api/a', body: { json: '{}' } });
    await vi.waitFor(() => expect(world.socket.last('request')).toBeDefined());
    const { key } = world.socket.last('request')!;
    world.chance = 1;
    world.socket.break();
    world.pass(3000);
    expect((await answer).transport).toBe('http');
    expect(asked[0].headers.get('x-hub-key')).toBe(key);
  });

  test('again over the channel when HTTP did not get through either', async () => {
    await started();
    const first = world.accept();
    const answer = hub.send({ method: 'POST', path: '/api/a', body: { json: '{}' } });
    await vi.waitFor(() => expect(first.last('request')).toBeDefined());
    api = () => {
      throw new TypeError('no network');
    };
    world.chance = 1;
    first.break();
    world.pass(3000);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve)); // until the failure of HTTP has come through
    world.accept({ resumed: true, pending: { 1: 'done' } });
    world.socket.say({ type: 'response', id: 1, status: 201, headers: {}, replayed: true });
    expect(await answer).toMatchObject({ status: 201, transport: 'channel', replayed: true });
  });

  test('but not for ever', async () => {
    await started();
    world.accept();
    const answer = hub.send({ method: 'GET', path: '/api/a' });
    await vi.waitFor(() => expect(world.socket.last('request')).toBeDefined());
    api = () => {
      throw new TypeError('no network');
    };
    world.chance = 1;
    world.socket.break();
    world.pass(3000);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    world.time += 60_000;
    world.pass(0);
    world.socket.break();
    await expect(answer).rejects.toMatchObject({ problem: { type: 'urn:hub:problem:network' } });
  });

  test('over HTTP if the channel cannot carry it, though it is open', async () => {
    await started();
    world.accept();
    const path = `/api/a?q=${'a'.repeat(4200)}`;
    expect((await hub.send({ method: 'GET', path })).transport).toBe('http');
    expect(asked.map((each) => each.path)).toEqual([path]);
    await expect(get(path, { mode: 'channel' })).rejects.toMatchObject({ processed: 'never' });
  });

  test('such a call does not go back and forth while nothing gets through', async () => {
    await started();
    world.accept();
    api = () => {
      throw new TypeError('no network');
    };
    await expect(get('/api/é')).rejects.toMatchObject({ problem: { type: 'urn:hub:problem:network' } });
    expect(asked).toHaveLength(1);
  });

  test('one time limit counts for all ways together', async () => {
    await started();
    const silent = world.accept();
    const answer = hub.send({ method: 'GET', path: '/api/a', timeoutMs: 5000 });
    await vi.waitFor(() => expect(silent.last('request')).toBeDefined());
    api = () => new Promise(() => undefined);
    world.chance = 1;
    silent.break();
    world.pass(3000);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    world.pass(1999);
    expect(hub.trafficNow.inFlight).toBe(1);
    world.pass(1);
    await expect(answer).rejects.toMatchObject({ isTimeout: true, processed: 'maybe' });
  });

  test('over the channel or not at all, if it has to', async () => {
    await started({ mode: 'http' });
    await expect(get('/api/a', { mode: 'channel' })).rejects.toMatchObject({ processed: 'never' });
  });
});

describe('answers', () => {
  test("the hub's own problems are answers, as they are over HTTP", async () => {
    await started();
    world.accept();
    const answer = hub.send({ method: 'GET', path: '/api/a' });
    await vi.waitFor(() => expect(world.socket.last('request')).toBeDefined());
    const problem = { type: 'urn:hub:problem:too-many-requests', title: 'Too many', status: 429 };
    world.socket.say({ type: 'error', id: 1, problem, processed: 'never', retry_after_ms: 1500 });
    expect((await answer).status).toBe(429);
    expect((await answer).headers.get('retry-after')).toBe('2');
    expect(await (await answer).body.json()).toEqual({ ...problem, processed: 'never' });
  });

  test('are kept on request, and asked about by their tag', async () => {
    await started();
    world.accept();
    const ask = async (id: number, reply: Record<string, unknown>): Promise<unknown> => {
      const answer = get('/api/a', { revalidate: true });
      await vi.waitFor(() => expect(world.socket.last('request')).toMatchObject({ id }));
      world.socket.say({ type: 'response', id, ...reply });
      return answer;
    };
    const headers = { 'content-type': 'application/json', etag: '"1"' };
    expect(await ask(1, { status: 200, headers, body: { n: 1 } })).toEqual({ n: 1 });
    expect(await ask(2, { status: 304, headers: { etag: '"1"' } })).toEqual({ n: 1 });
    expect(world.socket.last('request')).toMatchObject({ headers: { 'if-none-match': '"1"' } });
  });

  test('the log tells of them without queries', async () => {
    await started({ mode: 'http' });
    await get('/api/patients?q=ada');
    expect(hub.journal.export()).toContain('GET /api/patients');
    expect(hub.journal.export()).not.toContain('ada');
  });
});

describe('without a channel', () => {
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 50) {
      world.pass(50);
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  const listenTo = (topic: string): unknown[] => {
    const got: unknown[] = [];
    hub.topic(topic, { event: ({ data }) => got.push(data), refused: () => got.push('refused') });
    return got;
  };

  test('topics come over an event stream, and move to the channel when there is one', async () => {
    world.isForbidden = true; // as Firefox throws where a policy forbids WebSockets
    await started();
    const got = listenTo('ward-7');
    await pass(4000);
    events.publish('ward-7', 1);
    await pass(50);
    expect(got).toEqual([1]);
    world.isForbidden = false;
    while (world.sockets.length === 0) world.pass(100);
    const socket = world.accept();
    expect(socket.last('subscribe')).toMatchObject({ topic: 'ward-7', after: '1-0' });
    await pass(50);
    expect(events.open).toEqual([]);
    socket.say({ type: 'response', id: 1, status: 200, body: { after: '1-0' } });
    socket.say({ type: 'event', sequence: 1, topic: 'ward-7', name: 'changed', data: 2, id: '2-0' });
    expect(got).toEqual([1, 2]);
  });

  test('a connection that breaks for a moment does not begin a stream', async () => {
    await started();
    listenTo('ward-7');
    world.accept().break();
    world.pass(1000);
    world.accept();
    await pass(100);
    expect(events.requests).toEqual([]);
  });

  test('with mode http the stream is open from the beginning', async () => {
    await started({ mode: 'http' });
    const got = listenTo('ward-7');
    await pass(100);
    events.publish('ward-7', 1);
    await pass(50);
    expect(got).toEqual([1]);
  });

  test('the session ends with its event, and the stream with the session', async () => {
    await started({ mode: 'http' });
    await pass(100);
    const [stream] = events.open;
    const data = { reason: 'logout', detail: 'You have logged out.' };
    stream.say({ type: 'event', sequence: 1, topic: 'session', name: 'ended', data });
    await pass(50);
    expect(hub.session.status).toMatchObject({ state: 'anonymous', endReason: 'logout' });
    expect(events.open).toEqual([]);
  });

  test('while the stream is open, the session is not polled', async () => {
    await started({ mode: 'http' });
    await pass(100);
    const check = vi.spyOn(hub.session, 'check');
    world.pass(30_000);
    expect(check).not.toHaveBeenCalled();
  });
});

describe('the end of a session', () => {
  const ended = (): Response =>
    json({ type: 'urn:hub:problem:session-ended', status: 401, reason: 'idle', detail: 'You did nothing.' }, 401);

  test('is learnt from an answer', async () => {
    await started({ mode: 'http' });
    api = ended;
    expect((await hub.send({ method: 'GET', path: '/api/a' })).status).toBe(401);
    expect(hub.session.status).toMatchObject({
      state: 'anonymous',
      endReason: 'idle',
      endDetail: 'You did nothing.',
      user: null,
    });
  });

  test('a 401 of the API itself is an answer like any other', async () => {
    await started({ mode: 'http' });
    api = () => json({ errors: [] }, 401);
    expect((await hub.send({ method: 'GET', path: '/api/a' })).status).toBe(401);
    expect(hub.session.status.state).toBe('authenticated');
  });

  test('calls wait for the next login of the same user, if the application wants that', async () => {
    await started({ mode: 'http', whenLoggedOut: 'wait' });
    api = ended;
    const answer = get('/api/a');
    await vi.waitFor(() => expect(hub.session.status.state).toBe('anonymous'));
    api = () => json({ n: 3 });
    await hub.session.check();
    expect(await answer).toEqual({ n: 3 });
  });

  test('and do not go on in the name of another', async () => {
    await started({ mode: 'http', whenLoggedOut: 'wait' });
    api = ended;
    const answer = hub.send({ method: 'GET', path: '/api/a' });
    await vi.waitFor(() => expect(hub.session.status.state).toBe('anonymous'));
    session = { ...SESSION, identity: 'i2', subject: 'bob' };
    await hub.session.check();
    expect((await answer).status).toBe(401);
    expect(asked).toHaveLength(1);
  });

  test('closes the channel and forgets what was kept', async () => {
    await started();
    const socket = world.accept();
    socket.say({
      type: 'event',
      sequence: 1,
      topic: 'session',
      name: 'ended',
      data: { reason: 'logout', detail: 'You have logged out.' },
    });
    socket.break(4401);
    expect(hub.session.status).toMatchObject({ state: 'anonymous', endReason: 'logout', endDetail: 'You have logged out.' });
    expect(socket.isClosed).toBe(true);
  });

  test('another user in this browser: the page says so and keeps what it shows', async () => {
    await started({ mode: 'http' });
    session = { ...SESSION, identity: 'i2', subject: 'bob' };
    await hub.session.check();
    expect(hub.session.status).toMatchObject({ identityChanged: true, user: { subject: 'alice' } });
  });

  test('is warned of in time', async () => {
    session = { ...SESSION, warning_in: 0, idle_expires_in: 60 };
    await started({ mode: 'http' });
    expect(hub.session.status.expiring).toBe('idle');
    session = { ...SESSION, idle_expires_in: 50_000, warning_in: 0 };
    await hub.session.check();
    expect(hub.session.status.expiring).toBe('absolute');
    session = SESSION;
    await hub.session.check();
    expect(hub.session.status.expiring).toBeNull();
  });
});

describe('time limits', () => {
  test('over HTTP end a request that has no response', async () => {
    await started({ mode: 'http' });
    api = () => new Promise(() => undefined);
    const answer = hub.send({ method: 'GET', path: '/api/a', timeoutMs: 1000 });
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    world.pass(1000);
    await expect(answer).rejects.toMatchObject({ isTimeout: true, processed: 'maybe', problem: { status: 0 } });
  });

  test('are the same error if the hub notices first', async () => {
    await started();
    world.accept();
    const answer = hub.send({ method: 'GET', path: '/api/a', timeoutMs: 1000 });
    await vi.waitFor(() => expect(world.socket.last('request')).toBeDefined());
    const problem = { type: 'urn:hub:problem:deadline-exceeded', title: 'Too long', status: 504 };
    world.socket.say({ type: 'error', id: 1, problem, processed: 'never' });
    await expect(answer).rejects.toMatchObject({ isTimeout: true, processed: 'never', problem: { status: 0 } });
  });

  test("the hub's own limit is a 504", async () => {
    await started();
    world.accept();
    const answer = hub.send({ method: 'GET', path: '/api/a' });
    await vi.waitFor(() => expect(world.socket.last('request')).toBeDefined());
    const problem = { type: 'urn:hub:problem:deadline-exceeded', title: 'Too long', status: 504 };
    world.socket.say({ type: 'error', id: 1, problem, processed: 'maybe' });
    expect((await answer).status).toBe(504);
  });
});

describe('redirects', () => {
  test('over HTTP are shown by the hub and followed here, each request with its own idempotency key', async () => {
    await started({ mode: 'http' });
    api = (path) => (path === '/api/a' ? json(null, 200, { 'x-hub-redirect': '307', location: '/api/b' }) : json({ n: 2 }));
    const answer = await hub.send({ method: 'POST', path: '/api/a', body: { json: '{}' } });
    expect(answer).toMatchObject({ status: 200, redirectedTo: `${location.origin}/api/b` });
    expect(asked.map(({ path, method }) => `${method} ${path}`)).toEqual(['POST /api/a', 'POST /api/b']);
    const [first, second] = asked.map(({ headers }) => headers.get('x-hub-key'));
    expect(first).not.toBe(second);
    expect(asked[0].headers.get('x-hub-redirect')).toBe('manual');
  });

  test('that leave the routes of the hub carry nothing of it', async () => {
    await started({ mode: 'http' });
    api = (path) => (path === '/api/a' ? json(null, 200, { 'x-hub-redirect': '302', location: '/page' }) : json({ n: 2 }));
    expect(await get('/api/a')).toEqual({ n: 2 });
    expect(asked[1].path).toBe(`${location.origin}/page`);
    expect([...asked[1].headers.keys()].filter((name) => name.startsWith('x-'))).toEqual([]);
  });
});

test('a hub that does not answer the question for the session is unavailable after a while', async () => {
  vi.stubGlobal(
    'fetch',
    (_url: string, { signal }: RequestInit) => new Promise((_, reject) => signal?.addEventListener('abort', reject)),
  );
  hub = new Hub({}, world);
  const start = hub.start();
  expect(hub.session.status.state).toBe('unknown');
  world.pass(15_000);
  await start;
  expect(hub.session.status.state).toBe('unavailable');
});
