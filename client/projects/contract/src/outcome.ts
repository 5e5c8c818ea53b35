import {
  HttpErrorResponse,
  type HttpEvent,
  HttpEventType,
  HttpHeaderResponse,
  HttpResponse,
  type HttpResponseBase,
} from '@angular/common/http';

/** What came of a request, in aspects that are compared one by one. */
export type Outcome = Record<string, string>;

const PRINTED_CHARACTERS = 300;
const OTHERS_HEADERS =
  /^(date|content-length|x-hub-.*|connection|keep-alive|transfer-encoding|server|content-disposition|content-security-policy|cross-origin-.*|referrer-policy|x-content-type-options)$/; // of the transport, and what the hub tells browsers about content

/** Observes the events of one request. */
export class Observation {
  private readonly events: string[] = [];
  private readonly loads: Record<string, { loaded: number; total?: number; isSteady: boolean }> = {};
  private partialText: string | undefined;
  private head: HttpResponseBase | null = null;

  take(event: HttpEvent<unknown>): void {
    const name = HttpEventType[event.type];
    if (this.events.at(-1) !== name) this.events.push(name);
    if (event.type === HttpEventType.UploadProgress || event.type === HttpEventType.DownloadProgress) {
      const before = this.loads[name]?.loaded ?? 0;
      const isSteady = (this.loads[name]?.isSteady ?? true) && event.loaded >= before;
      this.loads[name] = { loaded: event.loaded, total: event.total, isSteady };
      if ('partialText' in event) this.partialText = event.partialText as string | undefined;
    }
    if (event instanceof HttpResponse || event instanceof HttpHeaderResponse) this.head = event;
  }

  async completed(response: HttpResponse<unknown>): Promise<Outcome> {
    return { ...this.common('completed'), ...headOf(response), body: await described(response.body) };
  }

  async failed(error: unknown): Promise<Outcome> {
    if (!(error instanceof HttpErrorResponse)) return { ...this.common('failed'), name: (error as Error).name };
    return { ...this.common('failed'), name: error.name, ...headOf(error), error: await described(error.error) };
  }

  unsubscribed(): Outcome {
    return { ...this.common('unsubscribed'), ...(this.head === null ? {} : { status: String(this.head.status) }) };
  }

  private common(end: string): Outcome {
    const outcome: Outcome = { end, events: this.events.join(', ') };
    for (const [name, { loaded, total, isSteady }] of Object.entries(this.loads)) {
      outcome[name] = `${loaded} of ${total}${isSteady ? '' : ', not steadily'}`;
    }
    if (this.partialText !== undefined) outcome['partialText'] = digested(this.partialText);
    return outcome;
  }
}

function headOf({ status, statusText, headers, url, ok, redirected }: HttpResponseBase): Outcome {
  const names = headers.keys().map((name) => name.toLowerCase());
  const all = names.filter((name) => !OTHERS_HEADERS.test(name)).sort();
  return {
    status: String(status),
    ok: String(ok),
    statusText,
    url: url === null ? 'null' : url.split('?')[0],
    redirected: String(redirected ?? false), // XMLHttpRequest does not tell
    headers: all.map((name) => `${name}: ${headers.getAll(name)?.join(', ')}`).join('\n'),
  };
}

async function described(value: unknown): Promise<string> {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `text ${digested(value)}`;
  if (value instanceof Blob) return `Blob ${value.type} ${hex(await value.arrayBuffer())}`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${hex(value)}`;
  if (value instanceof Error) return value.name;
  if (value instanceof Event) return value.constructor.name;
  const { error, text } = value as { error?: unknown; text?: string };
  if (error instanceof Error) return `{ error: ${error.name}, text: ${digested(String(text))} }`;
  return `JSON ${digested(JSON.stringify(value))}`;
}

function hex(buffer: ArrayBuffer): string {
  return digested([...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
}

/** A text, or its length and a checksum (FNV-1a) if it is long. */
function digested(text: string): string {
  if (text.length <= PRINTED_CHARACTERS) return JSON.stringify(text);
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return `${text.length} characters, ${sum.toString(16)}`;
}
