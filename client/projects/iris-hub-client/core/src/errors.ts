import type { Problem, Processed } from './wire';

const PROBLEM = 'urn:hub:problem:';
const TIMEOUT = 'deadline-exceeded';

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

  /** The caller's own time limit has passed before the response began. */
  static timedOut(processed: Processed): HubError {
    return HubError.of(TIMEOUT, 'The response took longer than the time limit of the request.', processed);
  }

  /** Whether the caller's own time limit has passed: at this client, or at the hub. */
  get isTimeout(): boolean {
    return this.problem.type === PROBLEM + TIMEOUT;
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

/** Return the body as a problem of the hub itself; null if it is none, such as an error of the API. */
export function hubProblem(body: unknown): Problem | null {
  const type = (body as Problem | null)?.type;
  return typeof type === 'string' && type.startsWith(PROBLEM) ? (body as Problem) : null;
}

/** Return the milliseconds of `Retry-After`, which has seconds or a date (RFC 9110 section 10.2.3); null if there is none. */
export function retryAfterMs(headers: Headers, now = Date.now()): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.max(ms, 0);
}

/** The reason of an abort, as `fetch` gives it. */
export function aborted(signal?: AbortSignal): unknown {
  return signal?.reason ?? new DOMException('The request was cancelled.', 'AbortError');
}
