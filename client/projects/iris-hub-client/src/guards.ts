import { inject } from '@angular/core';
import { toObservable } from '@angular/core/rxjs-interop';
import type { CanActivateFn } from '@angular/router';
import { HubError } from 'iris-hub-client/core';
import { type Observable, filter, from, map, of, take } from 'rxjs';
import { HUB } from './hub';
import { HubSession } from './session';

/** Let users in who are logged in; send the others to the login, from which they come back to the address that they asked for. */
export const authenticatedGuard: CanActivateFn = (_route, { url }) =>
  decided((session) => {
    if (!session.authenticated()) session.login({ returnTo: url });
    return session.authenticated();
  });

/** Let users in with a claim that fits. It guards what the page shows, not the data: that is for the API. */
export function claimGuard(name: string, fits: (value: unknown) => boolean): CanActivateFn {
  return () => decided((session) => fits(session.user()?.claims[name]));
}

/**
 * Decide as soon as the hub has said who is logged in.
 *
 * On a server nobody is: the guard keeps out, and the browser decides anew. While the hub does not respond the navigation fails with HubError
 * (`withNavigationErrorHandler`), after another question.
 */
function decided(decide: (session: HubSession) => boolean): Observable<boolean> {
  const session = inject(HubSession);
  if (inject(HUB) === null) return of(false);
  const askAnew = (): Observable<string> => from(session.check()).pipe(map(() => session.state()));
  return (session.state() === 'unavailable' ? askAnew() : toObservable(session.state)).pipe(
    filter((now) => now !== 'unknown'),
    take(1),
    map((now) => {
      if (now === 'unavailable') throw HubError.of('unavailable', 'The hub does not respond. Try again later.', 'never', 503);
      return decide(session);
    }),
  );
}
