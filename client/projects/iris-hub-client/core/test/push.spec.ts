import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeHub, FakeSharing, type FakeChannel } from '../../testing/fake-hub';
import { FakeWorld } from '../../testing/fake-world';
import type { HubError } from '../src/errors';
import { Push } from '../src/push';
import { isLater } from '../src/push-messages';
import { type TopicEvent, Topics } from '../src/topics';

let world: FakeWorld;
let hub: FakeHub;
let tabs: Tab[];

/** One page of the application, with the topics that it listens to. */
class Tab {
  readonly topics = new Topics();
  readonly got: (number | 'gap')[] = [];
  readonly refusals: number[] = [];
  readonly session: string[] = [];
  doubts = 0;
  readonly push: Push;
  private channel: FakeChannel | null = null;

  constructor(own: FakeWorld = world) {
    this.push = new Push(() => ({ csrf: 't', identity: 'i' }), own);
    this.push.events.listen((event) => {
      if (event.topic === 'session') this.session.push(event.name);
      this.topics.take(event);
    });
    this.push.doubts.listen(() => (this.doubts += 1));
    tabs.push(this);
  }

  listen(topic = 'ward-7'): () => void {
    return this.topics.add(topic, {
      event: ({ name, data }: TopicEvent) => this.got.push(name === 'gap' ? 'gap' : (data as number)),
      refused: ({ problem }: HubError) => this.refusals.push(problem.status),
    });
  }

  withoutChannel(): void {
    this.channel?.close();
    this.channel = null;
    this.push.start('i');
    this.topics.moveTo(this.push);
  }

  withChannel(): void {
    this.channel?.close();
    const channel = (this.channel = hub.channel((event) => this.channel === channel && this.topics.take(event)));
    this.topics.moveTo(channel);
    this.push.stop();
  }

  offline(): void {
    this.channel?.close();
    this.channel = null;
    this.topics.moveTo(null);
    this.push.stop();
  }
}

/** Let everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= 50) {
    world.pass(Math.min(left, 50));
    await settle();
  }
}

/** Tabs of one browser, all of them without a channel and with a topic. */
async function opened(count: number): Promise<Tab[]> {
  for (let number = 0; number < count; number++) {
    const tab = new Tab();
    tab.listen();
    tab.withoutChannel();
  }
  await pass(200);
  return tabs;
}

beforeEach(() => {
  world = new FakeWorld();
  world.sharing = new FakeSharing();
  hub = new FakeHub();
  tabs = [];
  vi.stubGlobal('fetch', hub.fetch);
});

afterEach(() => {
  for (const tab of tabs) tab.offline();
  vi.unstubAllGlobals();
});

describe('one tab', () => {
  test('hears of its topics and of its session', async () => {
    const [tab] = await opened(1);
    hub.publish('ward-7', 1);
    hub.streams[0].say({ type: 'event', sequence: 2, topic: 'session', name: 'refreshed', data: {} });
    await settle();
    expect([tab.got, tab.session, tab.push.isOpen]).toEqual([[1], ['refreshed'], true]);
    expect(hub.requests[0].opening[0]).toEqual({ type: 'hello', csrf: 't', identity: 'i' });
  });

  test('asks for another topic with another request, and leaves the first one when that is there', async () => {
    const [tab] = await opened(1);
    hub.publish('ward-7', 1);
    await settle();
    tab.listen('ward-8');
    await pass(100);
    expect(hub.streams.map(({ isOpen }) => isOpen)).toEqual([false, true]);
    expect(hub.requests[1].opening.slice(1)).toMatchObject([{ topic: 'ward-7', after: '1-0' }, { topic: 'ward-8' }]);
    hub.publish('ward-7', 2);
    hub.publish('ward-8', 3);
    await settle();
    expect(tab.got).toEqual([1, 2, 3]);
  });

  test('goes on where it was after a break', async () => {
    const [tab] = await opened(1);
    hub.publish('ward-7', 1);
    await settle();
    hub.streams[0].end();
    hub.publish('ward-7', 2);
    await settle();
    expect(tab.push.isOpen).toBe(false);
    await pass(1000);
    expect(tab.got).toEqual([1, 2]);
    expect(tab.doubts).toBe(2); // at the start, and after the break
  });

  test('opens another stream with the new cookie after another login', async () => {
    await opened(1);
    hub.streams[0].say({ type: 'event', sequence: 1, topic: 'session', name: 'changed', data: { reconnect_in_ms: 10_000 } });
    await pass(100);
    expect(hub.streams.map(({ isOpen }) => isOpen)).toEqual([false, true]);
  });

  test('hears that a topic is refused, once', async () => {
    hub.refused.set('ward-7', 403);
    const [tab] = await opened(1);
    hub.streams[0].end();
    await pass(2000);
    expect(tab.refusals).toEqual([403]);
    expect(hub.requests.at(-1)!.opening).toHaveLength(1);
  });

  test('asks again for a topic while the store does not respond', async () => {
    hub.refused.set('ward-7', 503);
    const [tab] = await opened(1);
    hub.refused.clear();
    await pass(6000);
    hub.publish('ward-7', 1);
    await settle();
    expect([tab.refusals, tab.got]).toEqual([[], [1]]);
  });

  test('doubts its session when the hub refuses it', async () => {
    hub.refusal = new Response('{}', { status: 401 });
    const [tab] = await opened(1);
    expect(tab.doubts).toBe(1);
    hub.refusal = null;
    await pass(1000);
    expect(tab.push.isOpen).toBe(true); // another tab has logged in
  });

  test('does not ask a hub without event streams all the time', async () => {
    hub.refusal = new Response('{}', { status: 404 });
    await opened(1);
    await pass(30_000);
    expect(hub.requests).toHaveLength(1);
  });

  test('a stream without a sign of life is given up', async () => {
    await opened(1);
    await pass(30_000);
    hub.streams[0].say({ type: 'ping', n: 1 });
    await pass(34_000);
    expect(hub.streams).toHaveLength(1);
    await pass(2000);
    expect(hub.streams.map(({ isOpen }) => isOpen)).toEqual([false, true]);
  });

  test('polls where something on the way holds streams back', async () => {
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      const answer = await hub.fetch(url, init);
      return hub.requests.at(-1)!.isPoll ? answer : new Response(new ReadableStream());
    });
    const [tab] = await opened(1);
    await pass(11_000);
    hub.publish('ward-7', 1);
    await pass(6000);
    expect(tab.got).toEqual([1]);
    expect(hub.requests.map(({ isPoll }) => isPoll)).toEqual([false, true, true]);
  });
});

describe('a browser in which tabs cannot find each other', () => {
  beforeEach(() => (world.sharing = null));

  test('polls, from the last position on', async () => {
    const [tab] = await opened(1);
    for (const number of [1, 2, 3]) {
      hub.publish('ward-7', number);
      await pass(5100);
    }
    expect(tab.got).toEqual([1, 2, 3]);
    expect(hub.requests.every(({ isPoll }) => isPoll)).toBe(true);
  });

  test('rests while it is not seen, and misses nothing', async () => {
    const [tab] = await opened(1);
    world.hidden = true;
    hub.publish('ward-7', 1);
    await pass(60_000);
    expect([hub.requests.length, tab.got]).toEqual([1, []]);
    world.hidden = false;
    await pass(5100);
    expect(tab.got).toEqual([1]);
  });
});

describe('seven tabs', () => {
  test('share one stream', async () => {
    await opened(7);
    hub.publish('ward-7', 1);
    await settle();
    expect(hub.open).toHaveLength(1);
    expect(hub.requests).toHaveLength(1);
    expect(tabs.map(({ got }) => got)).toEqual(Array(7).fill([1]));
  });

  test('go on with another one when the tab that leads is closed', async () => {
    await opened(7);
    hub.publish('ward-7', 1);
    await settle();
    tabs[0].offline();
    hub.publish('ward-7', 2);
    await pass(200);
    expect(hub.open).toHaveLength(1);
    expect(tabs.slice(1).map(({ got }) => got)).toEqual(Array(6).fill([1, 2]));
  });

  test('with a topic each are on one stream too', async () => {
    for (let number = 0; number < 7; number++) {
      const tab = new Tab();
      tab.listen(`ward-${number}`);
      tab.withoutChannel();
    }
    await pass(200);
    for (let number = 0; number < 7; number++) hub.publish(`ward-${number}`, number);
    await settle();
    expect(hub.open).toHaveLength(1);
    expect(tabs.map(({ got }) => got)).toEqual([[0], [1], [2], [3], [4], [5], [6]]);
  });

  test('a tab that comes with an earlier position gets what it missed, and the others get nothing twice', async () => {
    await opened(6);
    const late = new Tab();
    late.listen();
    late.withChannel();
    hub.publish('ward-7', 1);
    await settle();
    late.offline();
    hub.publish('ward-7', 2);
    hub.publish('ward-7', 3);
    await settle();
    late.withoutChannel();
    hub.publish('ward-7', 4);
    await pass(200);
    expect(tabs.map(({ got }) => got)).toEqual(Array(7).fill([1, 2, 3, 4]));
  });

  test('a tab that is seen takes over from one that was frozen', async () => {
    const frozen = new FakeWorld();
    frozen.sharing = world.sharing;
    frozen.newKey = () => `frozen-${Math.random()}`;
    const leader = new Tab(frozen);
    leader.withoutChannel();
    await settle();
    frozen.pass(100);
    const [, seen] = await opened(1);
    frozen.pass(100); // the last that its timers do
    await settle();
    hub.open.forEach((stream) => (stream.isOpen = false)); // it reads nothing either
    hub.publish('ward-7', 1);
    await pass(80_000);
    expect(seen.got).toEqual([]);
    await pass(20_000);
    hub.publish('ward-7', 2);
    await settle();
    expect(seen.got).toEqual([1, 2]);
  });
});

test('positions are compared as numbers', () => {
  expect(isLater('10-0', '9-5')).toBe(true);
  expect(isLater('9-10', '9-9')).toBe(true);
  expect(isLater('9-9', '9-9')).toBe(false);
});

/** A generator of numbers that a seed determines (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const STEPS: Record<string, (tab: Tab) => void | Promise<void>> = {
  stream: (tab) => tab.withoutChannel(),
  channel: (tab) => tab.withChannel(),
  offline: (tab) => tab.offline(),
  break: () => hub.open.forEach((stream) => stream.end()),
  stop: () => hub.open.forEach((stream) => stream.end(4503)),
  resume: (tab) => tab.push.resume(),
  trim: () => hub.trim('ward-7'),
  turn: () => Promise.resolve(),
  settle,
  wait: () => pass(100),
};

describe('however tabs move between channel, stream and nothing', () => {
  test.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'each event comes once, in order, or there is a gap (%i)',
    async (seed) => {
      const random = chance(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
      world.chance = random();
      if (seed % 6 === 0) world.sharing = null;
      for (let number = 0; number < (world.sharing === null ? 1 : 3); number++) new Tab().listen();
      for (const tab of tabs) tab.withChannel();
      await settle();
      let count = 0;
      for (let step = 0; step < 60; step++) {
        if (random() < 0.4) hub.publish('ward-7', count++);
        else await STEPS[pick(Object.keys(STEPS))](pick(tabs));
      }
      for (const tab of tabs) pick([() => tab.withChannel(), () => tab.withoutChannel()])();
      await pass(10_000);
      hub.publish('ward-7', count);
      await pass(10_000);
      for (const { got } of tabs) {
        expect(got.at(-1)).toBe(count);
        expect(holes(got)).toEqual([]);
      }
    },
  );
});

/** Return what is wrong in a sequence: an event that came twice or too early, or a hole that no gap tells of. */
function holes(got: (number | 'gap')[]): unknown[] {
  const found: unknown[] = [];
  let last = -1;
  let isTold = false;
  for (const each of got) {
    if (each === 'gap') {
      isTold = true;
      continue;
    }
    if (each <= last || (each > last + 1 && !isTold)) found.push([last, each]);
    last = each;
    isTold = false;
  }
  return found;
}
