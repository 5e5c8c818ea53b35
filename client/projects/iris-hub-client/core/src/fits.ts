/** Which requests the channel can carry. What it cannot travels over HTTP by itself. */

import type { Limits, RequestMessage, WireHeaders } from './wire';

const METHOD = /^[A-Z]{1,20}$/;
const PATH = /^[\x21-\x7e]+$/; // the browser encodes anything else
const NAME = /^[\w!#$%&'*+.^`|~-]+$/; // RFC 9110 section 5.1
const VALUE = /^[\t\x20-\x7e]*$/; // Latin-1 is legal too, and rare
const KEY = /^[\w.~+/=-]{16,128}$/;

/** Tell whether the hub takes the message as it is. Otherwise it would reject the request, or close the channel. */
export function fits({ method, path, headers = {}, key, stream = 0 }: Omit<RequestMessage, 'id'>, limits: Limits): boolean {
  const isWritten = METHOD.test(method) && PATH.test(path) && (key === undefined || KEY.test(key));
  return isWritten && path.length <= limits.path && stream <= limits.body && headersFit(headers, limits);
}

function headersFit(headers: WireHeaders, limits: Limits): boolean {
  const fields = Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => [name, value]));
  const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  const areWritten = fields.every(([name, value]) => NAME.test(name) && VALUE.test(value));
  return areWritten && fields.length <= limits.header_fields && size <= limits.headers;
}
