import { beforeEach, describe, expect, test } from 'vitest';
import { FakeSocket, FakeWorld } from '../../testing/fake-world';
import type { Answer } from '../src/answer';
import { Call, type CallRequest } from '../src/call';
import { Channel, type ChannelState, TRANSITIONS } from '../src/channel';
import type { HubError } from '../src/errors';
import type { TopicEvent } from '../src/topics';

let world: FakeWorld;
let channel: Channel;
let stranded: Call[];
let states: ChannelState[];

beforeEach(() => {
  world = new FakeWorld();
  stranded = [];
  states = [];
  channel = new Channel(
    'ws://hub/hub/channel',
    () => ({ csrf: 't', identity: 'i' }),
    world,
    (calls) => stranded.push(...calls),
  );
  channel.status.listen(({ state }) => states.push(state));
});

function submit(method: string, more: Partial<CallRequest> = {}): Call {
  const call = new Call({ method, path: '/api/a', ...more }, world);
  channel.submit(call);
  return call;
}

function opened(): FakeSocket {
  channel.open();
  return world.accept();
}

function requests(socket: FakeSocket): Record<string, unknown>[] {
  return socket.said.filter(({ type }) => type === 'request');
}

const failure = (call: Call): Promise<HubError> =>
  call.answer.then(
    () => Promise.reject(new Error('it has an answer')),
    (error: HubError) => error,
  );

describe('states', () => {
  test('dial, open, lost, dial again, open', () => {
    opened();
    world.socket.break();
    world.pass(1000);
    world.accept();
    expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open']);
  });

  test.each([
    [4401, 'ended'],
    [4400, 'refused'],
    [4409, 'refused'],
    [4430, 'refused'],
    [4503, 'waiting'],
  ])('close %i leads to %s', (code, state) => {
    opened().break(code);
    expect(channel.state).toBe(state);
  });

  test('after 4430 the channel is tried again, after 4400 it is not', () => {
    opened().break(4430);
    world.pass(60_000);
    expect(channel.state).toBe('connecting');
    world.accept().break(4400);
    world.pass(3_600_000);
    expect(channel.state).toBe('refused');
  });

  test('the time between attempts doubles, up to half a minute, and is spread', () => {
    world.chance = 0.999;
    const delays: (number | null)[] = [];
    channel.status.listen(({ retryInMs }) => retryInMs === null || delays.push(Math.round(retryInMs)));
    channel.open();
    for (let attempt = 0; attempt < 9; attempt++) {
      world.socket.break();
      world.pass(30_000);
    }
    expect(delays.slice(0, 3)).toEqual([500, 999, 1998]);
    expect(delays.at(-1)).toBe(29_970);
  });

  test('no state knows a way out of the table', () => {
    const known = Object.keys(TRANSITIONS);
    for (const exits of Object.values(TRANSITIONS)) for (const next of Object.values(exits)) expect(known).toContain(next);
  });

  test('a hub that does not get ready is left, and so is one that gives no sign of life', () => {
    channel.open();
    world.socket.open();
    world.pass(10_000);
    expect(channel.state).toBe('waiting');
    world.pass(1000);
    world.accept();
    world.pass(25_000);
    expect(world.socket.last('ping')).toBeDefined();
    world.pass(10_000);
    expect(channel.state).toBe('waiting');
  });
});

describe('requests', () => {
  test('wait for the connection, and go in one turn', () => {
    channel.open();
    submit('GET');
    submit('POST', { body: { json: '{"n":1.50}' } });
    const socket = world.accept();
    expect(requests(socket)).toMatchObject([
      { id: 1, method: 'GET' },
      { id: 2, method: 'POST', text: '{"n":1.50}' },
    ]);
    expect(requests(socket)[0]['key']).toBeUndefined();
    expect(requests(socket)[1]['key']).toMatch(/^key-/);
  });

  test('go another way where there is no channel', () => {
    expect(stranded).toEqual([]);
    const call = submit('GET');
    expect(stranded).toEqual([call]);
  });

  test('go another way at once where no connection ever came', () => {
    channel.open();
    const call = submit('GET');
    world.socket.break();
    expect(stranded).toEqual([call]);
  });

  test('wait for another attempt where there was one, for a moment', () => {
    opened().break();
    const call = submit('GET');
    world.pass(1000);
    world.socket.break();
    expect(stranded).toEqual([]);
    world.pass(3000);
    expect(stranded).toEqual([call]);
  });

  test('go another way when the connection does not come in time', () => {
    channel.open();
    const call = submit('GET');
    world.pass(3000);
    expect(stranded).toEqual([call]);
    world.accept();
    expect(requests(world.socket)).toEqual([]);
  });

  test('are cancelled by their signal', async () => {
    const socket = opened();
    const aborter = new AbortController();
    const call = submit('GET', { signal: aborter.signal });
    aborter.abort();
    expect(socket.last('cancel')).toMatchObject({ id: 1 });
    await expect(call.answer).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('an answer in frames is read as it comes, and reading gives credit', async () => {
    const socket = opened();
    const call = submit('GET');
    socket.say({ type: 'response', id: 1, status: 200, headers: {}, stream: 32 });
    socket.sayBody(1, 'a'.repeat(16), false);
    const { body } = await call.answer;
    const reader = body.stream().getReader();
    expect(socket.last('window')).toBeUndefined();
    await reader.read();
    expect(socket.last('window')).toMatchObject({ id: 1, bytes: 16 });
    socket.sayBody(1, 'b'.repeat(16), true);
    expect((await reader.read()).value).toHaveLength(16);
    expect((await reader.read()).done).toBe(true);
  });

  test('a reader that leaves cancels upstream', async () => {
    const socket = opened();
    const call = submit('GET');
    socket.say({ type: 'response', id: 1, status: 200, headers: {}, stream: -1 });
    await (await call.answer).body.stream().cancel();
    expect(socket.last('cancel')).toMatchObject({ id: 1 });
  });
});

describe('a time limit', () => {
  const timedOut = (processed: string) => ({ processed, isTimeout: true });

  test('is kept by the client, whatever the hub does, and the hub is told', async () => {
    const socket = opened();
    const call = submit('POST', { timeoutMs: 1000 });
    expect(requests(socket)[0]).toMatchObject({ timeout_ms: 1000 });
    world.pass(999);
    expect(call.isDone).toBe(false);
    world.pass(1);
    expect(await failure(call)).toMatchObject(timedOut('maybe'));
    expect(socket.last('cancel')).toMatchObject({ id: 1 });
  });

  test('counts while the call waits for a connection', async () => {
    channel.open();
    const call = submit('POST', { timeoutMs: 1000 });
    world.pass(1000);
    expect(await failure(call)).toMatchObject(timedOut('never'));
    expect(requests(world.accept())).toEqual([]);
  });

  test('is shorter for the hub when the request is sent again', () => {
    opened();
    submit('GET', { timeoutMs: 2000.5 });
    world.pass(500);
    world.socket.break();
    world.pass(500);
    expect(requests(world.accept())[0]).toMatchObject({ timeout_ms: 1001 });
  });

  test('no longer counts when the answer has begun', async () => {
    const socket = opened();
    const call = submit('GET', { timeoutMs: 1000 });
    socket.say({ type: 'response', id: 1, status: 200, headers: {}, stream: 1 });
    world.pass(2000);
    socket.sayBody(1, 'a', true);
    expect(await (await call.answer).body.text()).toBe('a');
    expect(socket.last('cancel')).toBeUndefined();
  });

  test('of 0 is none, as in Angular', () => {
    const socket = opened();
    const call = submit('GET', { timeoutMs: 0 });
    world.pass(1000);
    expect(call.isDone).toBe(false);
    expect(requests(socket)[0]).not.toHaveProperty('timeout_ms');
  });
});

test('a body that its caller aborts breaks off with the same reason', async () => {
  const socket = opened();
  const aborter = new AbortController();
  const call = submit('GET', { signal: aborter.signal });
  socket.say({ type: 'response', id: 1, status: 200, headers: {}, stream: -1 });
  const { body } = await call.answer;
  aborter.abort();
  await expect(body.bytes()).rejects.toBe(aborter.signal.reason);
  expect(socket.last('cancel')).toMatchObject({ id: 1 });
});

describe('what the channel cannot carry goes another way', () => {
  test.each<[string, Partial<CallRequest>]>([
    ['a long URL', { path: `/api/${'a'.repeat(4092)}` }],
    ['a URL that is not encoded', { path: '/api/é' }],
    ['large headers', { headers: { 'x-a': 'a'.repeat(16_384) } }],
    ['many headers', { headers: { 'x-a': Array.from({ length: 64 }, () => 'a') } }],
    ['a header beyond ASCII', { headers: { 'x-a': 'é' } }],
    ['half a surrogate pair in a header', { headers: { 'x-a': '\ud800' } }],
    ['a header of two lines', { headers: { 'x-a': 'a\r\nb: c' } }],
    ['a name that no header has', { headers: { 'x a': 'a' } }],
    ['a large body', { body: new Blob(['a'.repeat(1_048_577)]) }],
    ['a short key', { key: 'short' }],
  ])('%s', (_, more) => {
    const socket = opened();
    const call = submit('POST', more);
    expect(stranded).toEqual([call]);
    expect(requests(socket)).toEqual([]);
  });

  test.each<[string, Partial<CallRequest>]>([
    ['a URL', { path: `/api/${'a'.repeat(4091)}` }],
    ['headers', { headers: { 'x-a': 'a'.repeat(16_384 - 'x-aaccept*/*'.length) } }],
    ['fields', { headers: { 'x-a': Array.from({ length: 63 }, () => 'a') } }],
    ['a body', { headers: { 'content-type': 'a/b' }, body: new Blob(['a'.repeat(1_048_576)]) }],
  ])('but not %s at the limit', (_, more) => {
    const socket = opened();
    submit('POST', more);
    expect(stranded).toEqual([]);
    expect(requests(socket)).toHaveLength(1);
  });

  test('a method in lower case', () => {
    opened();
    expect(stranded).toEqual([submit('purge')]);
  });

  test('more requests at a time than the hub takes', () => {
    const socket = opened();
    const calls = Array.from({ length: 161 }, () => submit('GET'));
    expect(stranded).toEqual([calls[160]]);
    socket.say({ type: 'response', id: 1, status: 204, headers: {} });
    submit('GET');
    expect(stranded).toHaveLength(1);
    expect(requests(socket)).toHaveLength(161);
  });

  test('also those that waited for the connection', () => {
    channel.open();
    const call = submit('GET', { path: '/api/é' });
    expect(stranded).toEqual([]);
    world.accept();
    expect(stranded).toEqual([call]);
  });
});

test('a request accepts anything, unless it says what, as over HTTP', () => {
  const socket = opened();
  submit('GET');
  submit('GET', { headers: { Accept: 'text/csv' } });
  expect(requests(socket).map(({ headers }) => headers)).toEqual([{ accept: '*/*' }, { Accept: 'text/csv' }]);
});

describe('when the connection breaks', () => {
  test('a request with a key asks what became of it, with the same key', () => {
    const first = opened();
    submit('POST');
    const { key } = requests(first)[0];
    first.break();
    world.pass(1000);
    world.socket.open();
    expect(world.socket.last('hello')).toMatchObject({ resume: { pending: [[1, key]] } });
  });

  test.each([
    ['joined', 1],
    ['done', 1],
  ])('%s: it waits, and the answer comes', async (verdict) => {
    const first = opened();
    const call = submit('POST');
    first.break();
    world.pass(1000);
    const second = world.accept({ resumed: true, pending: { 1: verdict } });
    expect(requests(second)).toEqual([]);
    second.say({ type: 'response', id: 1, status: 201, headers: {}, replayed: true });
    expect(await call.answer).toMatchObject({ status: 201, replayed: true } satisfies Partial<Answer>);
  });

  test('never: it is sent again with a new key', () => {
    const first = opened();
    submit('POST');
    const { key } = requests(first)[0];
    first.break();
    world.pass(1000);
    const second = world.accept({ resumed: true, pending: { 1: 'never' } });
    expect(requests(second)).toHaveLength(1);
    expect(requests(second)[0]).toMatchObject({ id: 2, method: 'POST' });
    expect(requests(second)[0]['key']).not.toBe(key);
  });

  test('unknown: the caller learns that it may have been executed', async () => {
    const first = opened();
    const call = submit('POST');
    first.break();
    world.pass(1000);
    world.accept({ resumed: true, pending: { 1: 'unknown' } });
    expect(await failure(call)).toMatchObject({ processed: 'maybe', problem: { type: 'urn:hub:problem:outcome-unknown' } });
  });

  test('one that is safe is sent again; one that is not and has no key fails', async () => {
    const first = opened();
    submit('GET');
    const lost = submit('POST', { key: null });
    first.break();
    expect(await failure(lost)).toMatchObject({ processed: 'maybe' });
    world.pass(1000);
    const second = world.accept({ resumed: true, pending: {} });
    expect(requests(second)).toMatchObject([{ method: 'GET' }]);
  });

  test('calls take another way with their key if it does not come back soon', () => {
    const first = opened();
    const call = submit('POST');
    const { key } = call;
    first.break();
    world.chance = 1;
    world.pass(3000);
    expect(stranded).toEqual([call]);
    expect(call.key).toBe(key);
  });

  test('an answer under way breaks off', async () => {
    const socket = opened();
    const call = submit('GET');
    socket.say({ type: 'response', id: 1, status: 200, headers: {}, stream: -1 });
    const { body } = await call.answer;
    socket.break();
    await expect(body.bytes()).rejects.toMatchObject({ problem: { type: 'urn:hub:problem:answer-broken' } });
  });
});

describe('make before break', () => {
  test('a node that leaves: new requests go over another connection, old ones finish', async () => {
    const first = opened();
    const call = submit('GET');
    first.say({ type: 'going_away', within_ms: 10_000 });
    world.pass(5000);
    const second = world.accept();
    expect(second).not.toBe(first);
    submit('GET');
    expect(requests(second)).toHaveLength(1);
    first.say({ type: 'response', id: 1, status: 204, headers: {} });
    expect((await call.answer).status).toBe(204);
    world.pass(200);
    expect(first.last('bye')).toBeDefined();
    expect(states).toEqual(['connecting', 'open']);
  });

  test('the old one breaks before the new one is ready', () => {
    const first = opened();
    submit('POST');
    first.say({ type: 'going_away', within_ms: 0 });
    world.pass(1);
    first.break();
    expect(channel.state).toBe('connecting');
    world.socket.open();
    expect(world.socket.last('hello')).toMatchObject({ resume: { pending: [[1, expect.any(String)]] } });
  });
});

describe('topics', () => {
  test('go on from the last event over all connections', async () => {
    const events: TopicEvent[] = [];
    const stop = channel.topic('ward', { event: (event) => events.push(event), refused: () => undefined });
    const first = opened();
    expect(first.last('subscribe')).toMatchObject({ topic: 'ward' });
    first.say({ type: 'response', id: 1, status: 200, body: { after: '5-0' } });
    await Promise.resolve();
    first.say({ type: 'event', sequence: 1, topic: 'ward', name: 'admitted', data: { bed: 4 }, id: '6-0' });
    expect(first.last('ack')).toMatchObject({ sequence: 1 });
    first.break();
    await Promise.resolve();
    world.pass(1000);
    const second = world.accept();
    expect(second.last('subscribe')).toMatchObject({ topic: 'ward', after: '6-0' });
    stop();
    expect(second.last('unsubscribe')).toMatchObject({ topic: 'ward' });
    expect(events).toEqual([{ name: 'admitted', data: { bed: 4 }, id: '6-0' }]);
  });
});

test('whatever happens, every call ends once: an answer, a failure, or the other way', async () => {
  let seed = 7;
  const dice = (sides: number): number => (seed = (seed * 48271) % 2147483647) % sides;
  for (let round = 0; round < 300; round++) {
    world = new FakeWorld();
    world.chance = dice(100) / 100;
    stranded = [];
    channel = new Channel(
      'ws://hub',
      () => ({ csrf: 't' }),
      world,
      (calls) => stranded.push(...calls),
    );
    const calls: Call[] = [];
    for (let step = 0; step < 40; step++) {
      const action = dice(8);
      if (action === 0) channel.open();
      else if (action === 1 && channel.state === 'connecting')
        world.accept({ pending: { 1: ['joined', 'done', 'never', 'unknown'][dice(4)] } });
      else if (action === 2) world.socket?.break([1006, 4401, 4430, 4503][dice(4)]);
      else if (action === 3) world.pass(dice(5000));
      else if (action === 4) world.socket?.say({ type: 'response', id: dice(6) + 1, status: 200, headers: {} });
      else if (action === 5) world.socket?.say({ type: 'going_away', within_ms: dice(2000) });
      else calls.push(submit(['GET', 'POST'][dice(2)], dice(3) === 0 ? { key: null } : {}));
    }
    channel.close();
    const ended = calls.filter((call) => call.isDone || stranded.includes(call));
    expect(ended).toHaveLength(calls.length);
    expect(new Set(stranded).size).toBe(stranded.length);
  }
});

describe('a browser that forbids WebSockets', () => {
  test('a constructor that throws is a channel that cannot be had: calls go elsewhere, events too', () => {
    world.isForbidden = true;
    const absent: boolean[] = [];
    channel.absence.listen((isAbsent) => absent.push(isAbsent));
    expect(() => channel.open()).not.toThrow();
    const call = submit('GET');
    world.pass(5000);
    expect(stranded).toEqual([call]);
    expect(absent).toEqual([true]);
    world.isForbidden = false;
    while (world.sockets.length === 0) world.pass(100);
    world.accept();
    expect(channel.state).toBe('open');
    expect(absent).toEqual([true, false]);
  });
});
