import { type Answer, InlineBody } from './answer';

const MOST = 100;

interface Kept {
  etag: string;
  body: InlineBody;
  headers: Headers;
}

/**
 * Answers of one user in the memory of the page, asked about again by their entity tag (RFC 9110 section 13.1.2): what did not change does not
 * travel. For requests that ask for it.
 */
export class Revalidation {
  private readonly kept = new Map<string, Kept>();

  /** Return the tag to ask with, if there is one. */
  etag(path: string): string | undefined {
    return this.kept.get(path)?.etag;
  }

  /** Keep an answer, or put the kept one in the place of a 304. */
  take(path: string, answer: Answer): Answer {
    const kept = this.kept.get(path);
    if (answer.status === 304 && kept !== undefined) return { ...answer, status: 200, headers: kept.headers, body: kept.body };
    this.kept.delete(path);
    const etag = answer.headers.get('etag');
    if (answer.status !== 200 || etag === null || !(answer.body instanceof InlineBody)) return answer;
    if (this.kept.size >= MOST) this.kept.delete(this.kept.keys().next().value as string);
    this.kept.set(path, { etag, body: answer.body, headers: answer.headers });
    return answer;
  }

  clear(): void {
    this.kept.clear();
  }
}
