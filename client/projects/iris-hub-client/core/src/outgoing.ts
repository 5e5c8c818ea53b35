/** How the body of a request leaves over the channel ("Bodies" in docs/channel-protocol.md). Its bytes are the caller's, unchanged. */

import type { CallRequest } from './call';
import type { ReadyMessage, WireHeaders } from './wire';

const UTF8_BYTES = 3; // the most that one UTF-16 code unit takes

/** The headers with the type of the body, and the body: `text` inside the message, or `blob` in frames; neither if it is empty. */
export interface OutgoingBody {
  headers: WireHeaders;
  text?: string;
  blob?: Blob;
}

/**
 * Choose how a body leaves. The caller's text is never a part of the message's JSON, only a string in it: whatever it
 * contains, the API gets it, and nobody else reads it.
 *
 * @param hub What the hub has said of itself. A hub without the capability `text` gets all bodies in frames.
 */
export function outgoingBody({ body, headers = {} }: CallRequest, hub: ReadyMessage | null): OutgoingBody {
  if (body === undefined || body === null) return { headers };
  if (body instanceof Blob) {
    const typed = withDefault(headers, 'content-type', body.type);
    return body.size === 0 ? { headers: typed } : { headers: typed, blob: body };
  }
  const [text, type] = 'json' in body ? [body.json, 'application/json'] : [body.text, 'text/plain;charset=utf-8'];
  const typed = withDefault(headers, 'content-type', type);
  if (text === '') return { headers: typed };
  const isInline = hub !== null && hub.capabilities.includes('text') && text.length * UTF8_BYTES <= hub.limits.inline;
  return isInline ? { headers: typed, text: wellFormed(text) } : { headers: typed, blob: new Blob([text]) };
}

/** Replace halves of surrogate pairs, for which UTF-8 has no bytes, as `fetch` does. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Return the headers with another one, unless they have it or its value is empty. */
export function withDefault(headers: WireHeaders, name: string, value: string): WireHeaders {
  const isThere = Object.keys(headers).some((each) => each.toLowerCase() === name);
  return isThere || value === '' ? headers : { ...headers, [name]: value };
}
