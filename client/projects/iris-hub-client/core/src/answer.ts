import type { ResponseMessage, Timing, WireHeaders } from './wire';

const encoder = new TextEncoder();

/** Which way a request went. */
export type Transport = 'channel' | 'http';

/** What the API answered, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly transport: Transport;
  /** It was kept from before: this time nothing was executed. */
  readonly replayed: boolean;
  /** Milliseconds in the hub's queue, and from then until the answer began. */
  readonly timing: Timing | null;
  /** Absolute URL to which redirects have led; undefined without redirects. */
  readonly redirectedTo?: string;
  readonly body: AnswerBody;
}

/** The body of an answer; to be read once. */
export interface AnswerBody {
  /** Bytes, if the API said how many. */
  readonly length: number | null;
  /** JSON as a value; null if it is empty. Rejects with SyntaxError if it is no JSON. */
  json(): Promise<unknown>;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes as they arrive. What is not read is not fetched from the API either. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Tell whether a content type is JSON: `application/json` or `...+json`. */
export function isJson(contentType: string | null): boolean {
  return /^application\/(?:[\w.-]+\+)?json\s*(;|$)/i.test(contentType ?? '');
}

export function headersOf(fields: WireHeaders = {}): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) headers.append(name, value);
  }
  return headers;
}

/** A body that came inside the message: the text whose UTF-8 the API has sent. It may be read several times. */
export class InlineBody implements AnswerBody {
  constructor(private readonly content: string) {}

  /** Of a message. A hub without the capability `text` sends JSON as a value, of which a text is written anew. */
  static of({ text, body }: Pick<ResponseMessage, 'text' | 'body'>, contentType: string | null): InlineBody {
    if (text !== undefined) return new InlineBody(text);
    if (body === undefined) return new InlineBody('');
    return new InlineBody(isJson(contentType) ? JSON.stringify(body) : (body as string));
  }

  get length(): number {
    return encoder.encode(this.content).length;
  }

  async json(): Promise<unknown> {
    return parsed(await this.text());
  }

  /** Without a byte order mark, as all bodies of `fetch`. */
  async text(): Promise<string> {
    return this.content.startsWith('\ufeff') ? this.content.slice(1) : this.content;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return encoder.encode(this.content);
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      start: async (controller) => {
        const bytes = await this.bytes();
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      },
    });
  }
}

function parsed(text: string): unknown {
  return text === '' ? null : JSON.parse(text);
}

/** A body that arrives in frames. Reading it gives the hub credit for more. */
export class StreamedBody implements AnswerBody {
  private readonly parts: Uint8Array<ArrayBuffer>[] = [];
  private end: 'open' | 'complete' | 'broken' = 'open';
  private error: unknown;
  private wake: () => void = () => undefined;

  /**
   * @param length Bytes that the API announced, or null.
   * @param onRead Told of every byte that was read.
   * @param onLeft Called if the reader leaves before the end.
   */
  constructor(
    readonly length: number | null,
    private readonly onRead: (bytes: number) => void,
    private readonly onLeft: () => void,
  ) {}

  feed(part: Uint8Array<ArrayBuffer>): void {
    if (part.length > 0) this.parts.push(part);
    this.wake();
  }

  finish(): void {
    if (this.end === 'open') this.end = 'complete';
    this.wake();
  }

  /** End before the end: what has arrived can still be read, then reading fails with `error`. */
  breakOff(error: unknown): void {
    if (this.end === 'open') [this.end, this.error] = ['broken', error];
    this.wake();
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({ pull: (controller) => this.pull(controller), cancel: () => this.onLeft() }, { highWaterMark: 0 });
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return readAll(this.stream());
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return parsed(await this.text());
  }

  private async pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    while (this.parts.length === 0 && this.end === 'open') await new Promise<void>((resolve) => (this.wake = resolve));
    const part = this.parts.shift();
    if (part !== undefined) {
      controller.enqueue(part);
      this.onRead(part.length);
    } else if (this.end === 'complete') {
      controller.close();
    } else {
      controller.error(this.error);
    }
  }
}

/** Collect a stream. */
export async function readAll(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onProgress: (loaded: number, part: Uint8Array<ArrayBuffer>) => void = () => undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    size += next.value.length;
    onProgress(size, next.value);
  }
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(size);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
