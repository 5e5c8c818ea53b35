import { describe, expect, test } from 'vitest';
import { vectors } from '../../testing/vectors';
import { InlineBody, readAll } from '../src/answer';

interface BodyVector {
  name: string;
  'content-type': string;
  hex: string;
  text: string | null;
}

const INLINE = vectors<BodyVector>('client/response-bodies.json').filter(({ text }) => text !== null);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a body inside the message is that of the API, byte for byte', () => {
  test.each(INLINE)('$name', async ({ text, hex: expected, 'content-type': type }) => {
    const body = InlineBody.of({ text: text! }, type);
    const response = new Response(Buffer.from(expected, 'hex'));
    expect(hex(await body.bytes())).toBe(expected);
    expect(hex(await readAll(body.stream()))).toBe(expected);
    expect(body.length).toBe(expected.length / 2);
    expect(await body.text()).toBe(await response.text());
  });

  test('it is parsed where somebody asks for JSON', async () => {
    expect(await new InlineBody('{"n":1}').json()).toEqual({ n: 1 });
    expect(await new InlineBody('\ufeff1').json()).toBe(1);
    expect(await new InlineBody('').json()).toBeNull();
    await expect(new InlineBody('{no').json()).rejects.toThrow(SyntaxError);
  });
});

describe('of a hub that sends values', () => {
  test.each([
    [{ n: 1 }, 'application/json', '{"n":1}'],
    ['a', 'application/problem+json', '"a"'],
    ['a', 'text/plain', 'a'],
    [undefined, 'application/json', ''],
  ])('%o as %s', async (body, type, text) => {
    expect(await InlineBody.of({ body }, type).text()).toBe(text);
  });
});
