import { HttpStatusCode } from '@angular/common/http';

/** Return the standard phrase of a status, such as `Not Found`; empty for a status without one. The channel carries none, as HTTP/2. */
export function statusText(status: number): string {
  if (status === 200) return 'OK';
  return (HttpStatusCode[status] ?? '').replace(/([a-z])([A-Z])/g, '$1 $2');
}
