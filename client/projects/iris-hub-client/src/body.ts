import { type HttpRequest, HttpEventType, type HttpDownloadProgressEvent } from '@angular/common/http';
import { type Answer, readAll } from 'iris-hub-client/core';

const NO_CONTENT = 204;
const XSSI_PREFIX = /^\)\]\}',?\n/;

/** The body of a response in the form in which it was read; null: there is none. */
export type Content = { text: string } | { bytes: Uint8Array<ArrayBuffer> } | null;

/** Read the body of a response, and report what has come of it if the request asks for that. */
export async function readContent(
  request: HttpRequest<unknown>,
  answer: Answer,
  report: (event: HttpDownloadProgressEvent) => void,
): Promise<Content> {
  if (answer.status === NO_CONTENT) return null; // of others without a body the caller gets an empty one
  if (request.reportProgress) return { bytes: await readReporting(request, answer, report) };
  const isText = request.responseType === 'json' || request.responseType === 'text';
  return isText && charsetOf(answer) === 'utf-8' ? { text: await answer.body.text() } : { bytes: await answer.body.bytes() };
}

async function readReporting(
  request: HttpRequest<unknown>,
  answer: Answer,
  report: (event: HttpDownloadProgressEvent) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const total = answer.body.length ?? undefined;
  const decoder = request.responseType === 'text' ? decoderFor(answer) : null;
  let partialText = '';
  return readAll(answer.body.stream(), (loaded, part) => {
    if (decoder !== null) partialText += decoder.decode(part, { stream: true });
    const event: HttpDownloadProgressEvent = { type: HttpEventType.DownloadProgress, loaded, total };
    report(decoder === null ? event : { ...event, partialText });
  });
}

/** Return the body of a success as the request wants it; JSON throws `SyntaxError`. */
export function bodyOf(request: HttpRequest<unknown>, answer: Answer, content: Content): unknown {
  if (content === null) return null;
  switch (request.responseType) {
    case 'arraybuffer':
      return ownBuffer(bytesOf(content));
    case 'blob':
      return new Blob([bytesOf(content)], { type: answer.headers.get('content-type') ?? '' });
    case 'text':
      return textOf(answer, content);
    default:
      return parseJson(textOf(answer, content));
  }
}

/** Return the text of a body, in the charset of its content type as XMLHttpRequest does. */
export function textOf(answer: Answer, content: Content): string {
  if (content === null) return '';
  return 'text' in content ? content.text : decoderFor(answer).decode(content.bytes);
}

/** Return JSON as a value, without the prefix that some servers set in front; null if it is empty. */
export function parseJson(text: string): unknown {
  const json = text.replace(XSSI_PREFIX, '');
  return json === '' ? null : JSON.parse(json);
}

function bytesOf(content: NonNullable<Content>): Uint8Array<ArrayBuffer> {
  return 'bytes' in content ? content.bytes : new TextEncoder().encode(content.text);
}

/** A part that came in a frame is a view behind the frame's header. */
function ownBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}

function charsetOf(answer: Answer): string {
  return /;\s*charset="?([^\s;"]+)/i.exec(answer.headers.get('content-type') ?? '')?.[1].toLowerCase() ?? 'utf-8';
}

function decoderFor(answer: Answer): TextDecoder {
  try {
    return new TextDecoder(charsetOf(answer));
  } catch {
    return new TextDecoder(); // a charset that no browser knows
  }
}
