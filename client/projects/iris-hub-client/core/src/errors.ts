import type { Problem, Processed } from './wire';

const PROBLEM = 'urn:hub:problem:';

/**
 * A request that got no answer of the API.
 *
 * `processed` tells the truth about it: `never` if the API did not see it, so that repeating it is safe; `maybe` if it could have.
 */
export class HubError extends Error {
  override readonly name = 'HubError';

  constructor(
    readonly problem: Problem,
    readonly processed: Processed,
    readonly retryAfterMs: number | null = null,
  ) {
    super(problem.title ?? `Problem ${problem.status}`);
  }

  /** A failure that this client has noticed itself. */
  static of(slug: string, title: string, processed: Processed, status = 0): HubError {
    return new HubError({ type: `${PROBLEM}${slug}`, title, status }, processed);
  }

  /** Whether the hub asks for a login, an ended session included. */
  get asksForLogin(): boolean {
    return asksForLogin(this.problem);
  }
}

/** Tell whether a body is the hub's own 401, and not one of the API. */
export function asksForLogin(body: unknown): boolean {
  const type = (body as Problem | null)?.type;
  return type === `${PROBLEM}not-authenticated` || type === `${PROBLEM}session-ended`;
}

/** The reason of an abort, as `fetch` gives it. */
export function aborted(signal?: AbortSignal): unknown {
  return signal?.reason ?? new DOMException('The request was cancelled.', 'AbortError');
}
