import { afterEach, expect, test, vi } from 'vitest';
import { Emitter } from '../src/emitter';

afterEach(() => vi.unstubAllGlobals());

test('a listener that throws keeps nobody from being told, and its error is reported', () => {
  const reported: unknown[] = [];
  vi.stubGlobal('setTimeout', (run: () => void) => {
    try {
      run();
    } catch (error) {
      reported.push(error);
    }
  });
  const emitter = new Emitter<number>();
  const told: number[] = [];
  const failure = new Error('of the application');
  emitter.listen(() => {
    throw failure;
  });
  emitter.listen((value) => told.push(value));
  emitter.emit(1);
  emitter.emit(2);
  expect(told).toEqual([1, 2]);
  expect(reported).toEqual([failure, failure]);
});
