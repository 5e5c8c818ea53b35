import type { HttpHeaders, HttpParams, HttpRequest } from '@angular/common/http';
import type { ResponseSpec } from './response-spec';

type Options = Partial<
  Pick<
    HttpRequest<unknown>,
    | 'cache'
    | 'credentials'
    | 'keepalive'
    | 'mode'
    | 'priority'
    | 'redirect'
    | 'reportProgress'
    | 'responseType'
    | 'timeout'
    | 'withCredentials'
  >
>;

/** One behavior of HttpClient: a request, and what the API responds. What comes of it is observed, never written down here. */
export interface Behavior {
  /** Unique; stands in docs/http-client-contract.md and in the list of differences in docs/angular.md. */
  id: string;
  title: string;
  method?: string;
  path?: string;
  response?: ResponseSpec;
  /** Makes the body anew for each request. */
  body?: () => unknown;
  headers?: HttpHeaders;
  params?: HttpParams;
  options?: Options;
  /** When the caller unsubscribes. */
  unsubscribe?: 'sent' | 'headers';
  /** How many requests are sent at the same time. */
  together?: number;
}

export interface Area {
  name: string;
  behaviors: Behavior[];
}
