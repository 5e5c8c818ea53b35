/** What a close code asks of the client; its range decides ("Close codes" in docs/channel-protocol.md). */

export type AfterClose = 'stop' | 'ended' | 'reload' | 'refused' | 'http' | 'dial';

export const BYE = 1000;
export const LOST = 1006; // what a browser reports when a connection breaks without a close frame
export const SESSION_ENDED = 4401;
export const OTHER_USER = 4409;
const RELOAD = new Set([4403, 4406, OTHER_USER]);

/**
 * Return the next step: `stop` (we said bye), `ended` (show the login), `reload` (this page no longer fits), `refused` (a defect:
 * use HTTP for good), `http` (use HTTP and try again later), `dial` (dial again).
 */
export function afterClose(code: number): AfterClose {
  if (code === BYE) return 'stop';
  if (code === SESSION_ENDED) return 'ended';
  if (RELOAD.has(code)) return 'reload';
  if (code >= 4400 && code <= 4419) return 'refused';
  if (code >= 4430 && code <= 4439) return 'http';
  return 'dial';
}
