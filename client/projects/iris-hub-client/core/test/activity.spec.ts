// @vitest-environment jsdom
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeWorld } from '../../testing/fake-world';
import { Activity } from '../src/activity';

const IDLE_MS = 900_000;

let world: FakeWorld;
let reports: number[];
let activity: Activity;

/** A key that a user has pressed: no script can make such an event. */
const key = { isTrusted: true } as Event;
const type = (idleMs = IDLE_MS): void => activity.noticed(key, world.now() + idleMs);

beforeEach(() => {
  world = new FakeWorld();
  reports = [];
  activity = new Activity(world, () => reports.push(world.now()));
});

describe('activity', () => {
  test('is reported at once, then once a minute while it goes on', () => {
    for (let second = 0; second < 300; second++) {
      type();
      world.pass(1000);
    }
    expect(reports).toEqual([0, 60_000, 120_000, 180_000, 240_000, 300_000]);
  });

  test('that was not reported yet is reported when the minute is over, although nothing follows', () => {
    type();
    world.pass(10_000);
    type();
    world.pass(600_000);
    expect(reports).toEqual([0, 60_000]);
  });

  test('is reported earlier where the idle time is shorter', () => {
    type();
    world.pass(1000);
    type(29_000);
    world.pass(100_000);
    expect(reports).toEqual([0, 15_500]);
  });

  test('is not reported again while requests of the application say the same', () => {
    for (let second = 0; second < 300; second++) {
      activity.reported();
      type();
      world.pass(1000);
    }
    activity.reported();
    world.pass(300_000);
    expect(reports).toEqual([]);
  });

  test('of scripts, and in a page that nobody sees, counts for nothing', () => {
    activity.noticed(new Event('keydown'), IDLE_MS);
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    type();
    hidden.mockRestore();
    world.pass(300_000);
    expect(reports).toEqual([]);
  });

  test('ends with the page', () => {
    type();
    type();
    activity.stop();
    world.pass(300_000);
    expect(reports).toEqual([0]);
  });
});
