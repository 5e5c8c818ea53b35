import { beforeEach, describe, expect, test } from 'vitest';
import { FakeWorld, READY } from '../../testing/fake-world';
import { vectors } from '../../testing/vectors';
import { Call, type CallRequest } from '../src/call';
import { Channel } from '../src/channel';
import { outgoingBody } from '../src/outgoing';
import type { ReadyMessage } from '../src/wire';

interface BodyVector {
  name: string;
  'content-type': string;
  text: string;
  hex: string;
}

const HUB = READY as ReadyMessage;
const OLD_HUB: ReadyMessage = { ...HUB, capabilities: ['resume', 'windows'] };

const request = (body: CallRequest['body'], headers = {}): CallRequest => ({ method: 'POST', path: '/api/a', body, headers });
const hex = async (blob: Blob): Promise<string> => Buffer.from(await blob.arrayBuffer()).toString('hex');

describe('a text is a string in the message', () => {
  let world: FakeWorld;
  let channel: Channel;

  beforeEach(() => {
    world = new FakeWorld();
    channel = new Channel(
      'ws://hub',
      () => ({ csrf: 't' }),
      world,
      () => undefined,
    );
    channel.open();
    world.accept();
  });

  test.each(vectors<BodyVector>('client/request-bodies.json'))('$name', ({ text, 'content-type': type }) => {
    for (const body of [{ json: text }, { text }]) {
      channel.submit(new Call(request(body, { 'content-type': type }), world));
      expect(world.socket.last('request')).toMatchObject({ method: 'POST', path: '/api/a', text });
      expect(world.socket.last('request')).not.toHaveProperty('body');
    }
  });
});

describe('a hub that does not read texts', () => {
  test.each(vectors<BodyVector>('client/request-bodies.json'))('gets frames: $name', async ({ text, hex: bytes }) => {
    const { text: inline, blob } = outgoingBody(request({ json: text }), OLD_HUB);
    expect(inline).toBeUndefined();
    expect(await hex(blob!)).toBe(bytes);
  });

  test('or has not said so yet', () => {
    expect(outgoingBody(request({ text: 'a' }), null).blob).toBeDefined();
  });
});

describe('the type of a body', () => {
  test.each([
    [{ json: '1' }, {}, 'application/json'],
    [{ text: '1' }, {}, 'text/plain;charset=utf-8'],
    [new Blob(['1'], { type: 'image/png' }), {}, 'image/png'],
    [{ text: '' }, {}, 'text/plain;charset=utf-8'],
  ])('%o has a default', (body, headers, type) => {
    expect(outgoingBody(request(body, headers), HUB).headers).toEqual({ 'content-type': type });
  });

  test('is what the caller says', () => {
    const headers = { 'Content-Type': 'application/fhir+json' };
    expect(outgoingBody(request({ json: '{}' }, headers), HUB).headers).toEqual(headers);
  });
});

test('what is larger than the hub takes inside a message goes in frames', () => {
  const largest = Math.floor(HUB.limits.inline / 3);
  expect(outgoingBody(request({ text: 'a'.repeat(largest) }), HUB).text).toBeDefined();
  expect(outgoingBody(request({ text: 'a'.repeat(largest + 1) }), HUB).blob!.size).toBe(largest + 1);
});

test('half a surrogate pair is replaced as fetch does, because UTF-8 has no bytes for it', async () => {
  const text = 'a\ud800b\ude00\ud83d\ude00';
  const { text: sent } = outgoingBody(request({ text }), HUB);
  expect(sent).toBe('a\ufffdb\ufffd\ud83d\ude00');
  expect(await new Response(text).text()).toBe(sent);
});

test('without a body there is none, and no type', () => {
  for (const body of [null, undefined]) expect(outgoingBody(request(body), HUB)).toEqual({ headers: {} });
  expect(outgoingBody(request(new Blob([])), HUB)).toEqual({ headers: {} });
});
