/** What the API of the suite shall respond; a request carries it in its query. tests/contract/api.py reads it. */
export interface ResponseSpec {
  status?: number;
  /** Reason phrase; the standard one without it. */
  reason?: string;
  headers?: [string, string][];
  /** Text, sent in UTF-8; or the hexadecimal digits of bytes. */
  body?: string | { hex: string };
  /** How often the body is repeated. */
  times?: number;
  /**
   * How it is sent: with its length, in chunks of unknown total length, broken off in the middle, not at all (the connection is closed), never (the
   * request is taken and nothing comes), begun and then never ended, as something that is no HTTP, or as a redirect to itself.
   */
  how?: 'length' | 'chunks' | 'broken' | 'closed' | 'silent' | 'begun' | 'garbage' | 'circle';
}

/** Return the URL at which the API responds so. */
export function urlOf(spec: ResponseSpec = {}, path = '/api/x'): string {
  const separator = path.includes('?') ? '&' : '?';
  return `${path}${separator}r=${encodeURIComponent(JSON.stringify(spec))}`;
}
