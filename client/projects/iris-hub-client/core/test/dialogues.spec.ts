import { describe, expect, test } from 'vitest';
import { dialogues } from '../../testing/vectors';
import { Replay, notOurs } from '../../testing/replay';

const ALL = dialogues();
const OURS = ALL.filter(({ lines }) => notOurs(lines) === null);

describe('the dialogues of the specification and the golden vectors', () => {
  test.each(OURS)('$name', async ({ lines }) => {
    await new Replay(lines).run();
  });

  test('most of those that a client can say are played', () => {
    expect(OURS.length).toBeGreaterThanOrEqual(25);
    expect(OURS.map(({ name }) => name)).toContain('17. Resume after the channel broke with four running requests');
  });
});
