import { HttpErrorResponse, type HttpHeaders } from '@angular/common/http';
import { type Answer, HubError, type Problem, type Processed, hubProblem, retryAfterMs } from 'iris-hub-client/core';

type Init = ConstructorParameters<typeof HttpErrorResponse>[0] & { status: number; url: string; headers?: HttpHeaders };

interface Facts {
  problem: Problem | null;
  processed: Processed | null;
  retryAfterMs: number | null;
}

/** The failure of a request for the hub's routes, as `catchError` gets it: an HttpErrorResponse that knows more. */
export class HubHttpError extends HttpErrorResponse {
  /** What the hub, or its client, says about the failure (RFC 9457); null if the response is that of your API. */
  readonly problem: Problem | null;
  /**
   * `never`: your API did not see the request, so that repeating it is safe. `maybe`: it could have; tell the user to look first. null: your
   * API has responded, and its status says what became of the request.
   */
  readonly processed: Processed | null;
  /** Milliseconds after which the request may be repeated, if the hub or your API says so (`Retry-After`). */
  readonly retryAfterMs: number | null;

  constructor(init: Init, { problem, processed, retryAfterMs }: Facts) {
    super(init);
    this.problem = problem;
    this.processed = processed;
    this.retryAfterMs = retryAfterMs;
  }

  /** A response that is no success. `body` is what HttpClient's caller gets, `content` the same as JSON or text. */
  static ofResponse(init: Init, answer: Answer, content: unknown): HubHttpError {
    const problem = hubProblem(content);
    const processed = (problem?.['processed'] as Processed | undefined) ?? null;
    return new HubHttpError(init, { problem, processed, retryAfterMs: retryAfterMs(answer.headers) });
  }

  /** There is no response. A time limit gives the error that Angular's own backends give. */
  static ofFailure(cause: unknown, url: string): HubHttpError {
    const isTimeout = cause instanceof HubError ? cause.isTimeout : (cause as Error | null)?.name === 'TimeoutError';
    const error = isTimeout ? new DOMException('Request timed out', 'TimeoutError') : cause;
    const facts: Facts =
      cause instanceof HubError ? cause : { problem: null, processed: isTimeout ? 'maybe' : null, retryAfterMs: null };
    return new HubHttpError({ error, status: 0, statusText: isTimeout ? 'Request timeout' : 'Unknown Error', url }, facts);
  }
}
