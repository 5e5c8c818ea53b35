import { describe, expect, test } from 'vitest';
import { vectors } from '../../testing/vectors';
import { decodeFrame, encodeFrame } from '../src/frames';

interface FrameVector {
  name: string;
  id: number;
  end: boolean;
  text: string;
  hex: string;
}

describe('body frames', () => {
  test.each(vectors<FrameVector>('client/frames.json'))('$name', ({ id, end, text, hex }) => {
    const data = new TextEncoder().encode(text);
    const frame = encodeFrame({ id, end, data });
    expect(Buffer.from(frame).toString('hex')).toBe(hex);
    expect(decodeFrame(frame.buffer)).toEqual({ id, end, data });
  });

  test('a kind that this version does not know is nothing', () => {
    expect(decodeFrame(new Uint8Array([2, 0, 0, 0, 0, 0, 0, 1]).buffer)).toBeNull();
    expect(decodeFrame(new Uint8Array([1]).buffer)).toBeNull();
  });
});
