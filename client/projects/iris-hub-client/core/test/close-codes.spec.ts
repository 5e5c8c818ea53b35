import { expect, test } from 'vitest';
import { vectors } from '../../testing/vectors';
import { afterClose } from '../src/close-codes';

test.each(vectors<{ code: number; next: string }>('client/close-codes.json'))('$code: $next', ({ code, next }) => {
  expect(afterClose(code)).toBe(next);
});
