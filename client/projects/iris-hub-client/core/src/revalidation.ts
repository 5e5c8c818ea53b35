import { type Answer, type AnswerBody, InlineBody } from './answer';

const MOST = 100;

interface Kept {
  etag: string;
  value: unknown;
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
  async take(path: string, answer: Answer): Promise<Answer> {
    const kept = this.kept.get(path);
    if (answer.status === 304 && kept !== undefined) {
      const body: AnswerBody = new InlineBody(structuredClone(kept.value), true);
      return { ...answer, status: 200, headers: kept.headers, body };
    }
    this.kept.delete(path);
    const etag = answer.headers.get('etag');
    if (answer.status !== 200 || etag === null || !(answer.body instanceof InlineBody)) return answer;
    const value = await answer.body.json();
    if (this.kept.size >= MOST) this.kept.delete(this.kept.keys().next().value as string);
    this.kept.set(path, { etag, value: structuredClone(value), headers: answer.headers });
    return answer;
  }

  clear(): void {
    this.kept.clear();
  }
}
