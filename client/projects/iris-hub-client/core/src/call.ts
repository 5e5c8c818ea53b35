import type { Answer } from './answer';
import { HubError, aborted } from './errors';
import type { Priority, WireHeaders } from './wire';
import type { Timer, World } from './world';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']); // repeating these changes nothing (RFC 9110 section 9.2.1)

const PATIENCE_MS = 30_000;

/** A body to send: text, by default of the type `application/json` or `text/plain`, or bytes. The API gets it byte for byte. */
export type RequestBody = { json: string } | { text: string } | Blob;

/** What a page asks of the API. */
export interface CallRequest {
  /** Upper case. */
  method: string;
  /** With query; on the hub's own origin. */
  path: string;
  headers?: WireHeaders;
  body?: RequestBody | null;
  /** Idempotency key. Requests that change something get one by themselves; null: none. */
  key?: string | null;
  priority?: Priority;
  /** No activity of the user, such as polling. */
  passive?: boolean;
  /** Milliseconds until the answer has to begin; 0 is no limit. */
  timeoutMs?: number;
  /** The request may outlive the page; it goes over HTTP. */
  keepalive?: boolean;
  /** What to do when the API redirects. */
  redirect?: RequestRedirect;
  signal?: AbortSignal;
  /** Told how many bytes of the upload the API has taken. */
  onUploadProgress?: (sent: number, total: number) => void;
}

/** A request from its start to its answer, over as many connections as that takes. */
export class Call {
  readonly answer: Promise<Answer>;
  /** Whether it may have left since it was last known not to be executed. */
  wasSent = false;
  key: string | null;
  isDone = false;
  /** Whether a channel could not carry it. */
  isForHttp = false;
  /** Until when it is sent again while nothing gets through; of the clock that the page goes by. */
  readonly deadline: number;
  private readonly aborter = new AbortController();
  private readonly timer: Timer | undefined;
  private resolve!: (answer: Answer) => void;
  private reject!: (error: unknown) => void;

  constructor(
    readonly request: CallRequest,
    private readonly world: Pick<World, 'newKey' | 'now' | 'setTimeout' | 'clearTimeout'>,
  ) {
    const { key, signal, timeoutMs } = request;
    this.deadline = world.now() + (timeoutMs || PATIENCE_MS);
    this.key = key !== undefined ? key : this.isSafe ? null : world.newKey();
    signal?.addEventListener('abort', () => this.abort(aborted(signal)), { once: true });
    if (timeoutMs)
      this.timer = world.setTimeout(() => this.abort(HubError.timedOut(this.wasSent ? 'maybe' : 'never')), timeoutMs);
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.answer.catch(() => undefined); // whoever awaits it still gets it
  }

  /** Aborted when the caller gives up, or its time is over: whoever carries the call then stops. */
  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  get isSafe(): boolean {
    return SAFE_METHODS.has(this.request.method);
  }

  /** Whether it may be sent again although nobody knows what became of it. */
  get isRepeatable(): boolean {
    return !this.wasSent || this.isSafe || this.key !== null;
  }

  /** Begin anew: the request with the old key was not executed, and never will be. */
  startOver(): void {
    if (this.key !== null) this.key = this.world.newKey();
    this.wasSent = false;
  }

  succeed(answer: Answer): void {
    this.isDone = true;
    this.world.clearTimeout(this.timer);
    this.resolve(answer);
  }

  fail(error: unknown): void {
    this.isDone = true;
    this.world.clearTimeout(this.timer);
    this.reject(error);
  }

  /** End because the connection broke and nobody will know any more. */
  lose(): void {
    this.fail(HubError.of('outcome-unknown', 'The connection broke before the answer came.', this.wasSent ? 'maybe' : 'never'));
  }

  /** End before the answer is complete. Its body, if there is one, breaks off with the same reason. */
  private abort(reason: unknown): void {
    this.fail(reason);
    this.aborter.abort(reason);
  }
}
