import { inject } from '@angular/core';
import { toObservable } from '@angular/core/rxjs-interop';
import { type CanActivateFn, Router, type UrlTree } from '@angular/router';
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

/**
 * Let users in who are logged in; show the others a page of the application. Its address gets the one that was asked for as `returnTo`, for
 * `HubSession.login`.
 */
export function authenticatedOr(redirectTo: string): CanActivateFn {
  return (_route, { url }) => {
    const router = inject(Router);
    return decided((session) => {
      if (session.authenticated()) return true;
      const target = router.parseUrl(redirectTo);
      target.queryParams = { ...target.queryParams, returnTo: url };
      return target;
    });
  };
}

export interface RefusalOptions {
  /** Where users go whose claim does not fit. Without it the navigation is canceled, and the page stays as it is. */
  redirectTo?: string;
}

/**
 * Let users in with a claim that fits; send to the login who is not logged in. It guards what the page shows, not the data: that is for the
 * API.
 */
export function claimGuard(name: string, fits: (value: unknown) => boolean, { redirectTo }: RefusalOptions = {}): CanActivateFn {
  return (_route, { url }) => {
    const router = inject(Router);
    return decided((session) => {
      if (fits(session.user()?.claims[name])) return true;
      if (session.authenticated()) return redirectTo === undefined ? false : router.parseUrl(redirectTo);
      session.login({ returnTo: url });
      return false;
    });
  };
}

/**
 * Decide as soon as the hub has said who is logged in.
 *
 * On a server nobody is: the guard keeps out, and the browser decides anew. While the hub does not respond the navigation fails with HubError
 * (`withNavigationErrorHandler`), after another question.
 */
function decided(decide: (session: HubSession) => boolean | UrlTree): Observable<boolean | UrlTree> {
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
