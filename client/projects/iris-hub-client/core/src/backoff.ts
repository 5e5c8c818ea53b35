const FIRST_MS = 500;
const MAX_MS = 30_000;

/** Milliseconds until the next attempt: anywhere up to a bound that doubles ("full jitter"), so that clients spread out. */
export function delayAfter(failures: number, random: () => number): number {
  return random() * Math.min(MAX_MS, FIRST_MS * 2 ** Math.max(failures - 1, 0));
}
