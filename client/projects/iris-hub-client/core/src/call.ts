import type { Answer } from './answer';
import { HubError } from './errors';
import type { Priority, WireHeaders } from './wire';

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
  /** Until when it is sent again while nothing gets through; of the clock that the page goes by. */
  readonly deadline: number;
  private resolve!: (answer: Answer) => void;
  private reject!: (error: unknown) => void;

  constructor(
    readonly request: CallRequest,
    private readonly newKey: () => string,
    now = 0,
  ) {
    this.deadline = now + (request.timeoutMs ?? PATIENCE_MS);
    this.key = request.key !== undefined ? request.key : this.isSafe ? null : newKey();
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.answer.catch(() => undefined); // whoever awaits it still gets it
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
    if (this.key !== null) this.key = this.newKey();
    this.wasSent = false;
  }

  succeed(answer: Answer): void {
    this.isDone = true;
    this.resolve(answer);
  }

  fail(error: unknown): void {
    this.isDone = true;
    this.reject(error);
  }

  /** End because the connection broke and nobody will know any more. */
  lose(): void {
    this.fail(HubError.of('outcome-unknown', 'The connection broke before the answer came.', this.wasSent ? 'maybe' : 'never'));
  }
}
