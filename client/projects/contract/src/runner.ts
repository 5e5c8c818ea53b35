import { type HttpClient, type HttpEvent, HttpEventType, HttpRequest, HttpResponse } from '@angular/common/http';
import type { Behavior } from './behavior';
import { Observation, type Outcome } from './outcome';
import { urlOf } from './response-spec';

const HANG_MS = 30_000;

/** Run a behavior on one backend. `run` names the run to the API, which notes what it sees. */
export async function observe(http: HttpClient, behavior: Behavior, run: string): Promise<Outcome> {
  const requests = Array.from({ length: behavior.together ?? 1 }, () => observeOne(http, behavior, run));
  const outcomes = await Promise.all(requests);
  const isSame = outcomes.every((outcome) => JSON.stringify(outcome) === JSON.stringify(outcomes[0]));
  return isSame ? outcomes[0] : { end: 'the requests ended differently' };
}

function observeOne(http: HttpClient, behavior: Behavior, run: string): Promise<Outcome> {
  const { unsubscribe } = behavior;
  const observation = new Observation();
  return new Promise((resolve) => {
    const until = { sent: HttpEventType.Sent, headers: HttpEventType.DownloadProgress };
    const hang = setTimeout(() => resolve({ ...observation.unsubscribed(), end: 'hangs' }), HANG_MS);
    const end = (outcome: Outcome | Promise<Outcome>): void => {
      clearTimeout(hang);
      resolve(outcome);
    };
    const take = (event: HttpEvent<unknown>): void => {
      observation.take(event);
      if (event instanceof HttpResponse) end(observation.completed(event));
      if (unsubscribe === undefined || event.type !== until[unsubscribe]) return;
      setTimeout(() => {
        subscription.unsubscribe();
        end(observation.unsubscribed());
      }, 300); // so that the API has seen the request
    };
    const fail = (error: unknown): void => end(observation.failed(error));
    const subscription = http.request(requestOf(behavior, run)).subscribe({ next: take, error: fail });
  });
}

function requestOf(
  { method = 'GET', path, response, body, headers, params, options }: Behavior,
  run: string,
): HttpRequest<unknown> {
  const url = urlOf(response, path);
  return new HttpRequest(method, `${url}&run=${run}`, body?.() ?? null, { headers, params, ...options });
}
