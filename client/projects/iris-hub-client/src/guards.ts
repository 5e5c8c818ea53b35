import { inject } from '@angular/core';
import { toObservable } from '@angular/core/rxjs-interop';
import type { CanActivateFn } from '@angular/router';
import { filter, map, take } from 'rxjs';
import { HubSession } from './session';

/** Let users in who are logged in; send the others to the login, from which they come back to the address that they asked for. */
export const authenticatedGuard: CanActivateFn = (_route, { url }) => {
  const session = inject(HubSession);
  return known(session).pipe(
    map(() => {
      if (!session.authenticated()) session.login({ returnTo: url });
      return session.authenticated();
    }),
  );
};

/** Let users in with a claim that fits. It guards what the page shows, not the data: that is for the API. */
export function claimGuard(name: string, fits: (value: unknown) => boolean): CanActivateFn {
  return () => {
    const session = inject(HubSession);
    return known(session).pipe(map(() => fits(session.user()?.claims[name])));
  };
}

function known(session: HubSession) {
  return toObservable(session.state).pipe(
    filter((state) => state === 'authenticated' || state === 'anonymous'),
    take(1),
  );
}
