import {
  HttpBackend,
  HttpClient,
  type HttpInterceptorFn,
  provideHttpClient,
  withFetch,
  withInterceptors,
} from '@angular/common/http';
import { EnvironmentInjector, createEnvironmentInjector, inject } from '@angular/core';
import { HUB_MODE, HubBackend, hubInterceptor } from 'iris-hub-client';

/** The backends that are compared: Angular's own through the hub's HTTP side, and the hub's over both of its transports. */
export const BACKENDS = ['xhr', 'fetch', 'channel', 'http'] as const;

export type Backend = (typeof BACKENDS)[number];

/** Make a client for each backend; in an injection context. */
export function clients(): Record<Backend, HttpClient> {
  const parent = inject(EnvironmentInjector);
  const client = (...providers: Parameters<typeof createEnvironmentInjector>[0]): HttpClient =>
    createEnvironmentInjector(providers, parent).get(HttpClient);
  const hub = { provide: HttpBackend, useExisting: HubBackend };
  return {
    xhr: client(provideHttpClient(withInterceptors([hubInterceptor]))),
    fetch: client(provideHttpClient(withFetch(), withInterceptors([hubInterceptor]))),
    channel: client(provideHttpClient(withInterceptors([by('auto')])), hub),
    http: client(provideHttpClient(withInterceptors([by('http')])), hub),
  };
}

function by(mode: 'auto' | 'http'): HttpInterceptorFn {
  return (request, next) => next(request.clone({ context: request.context.set(HUB_MODE, mode) }));
}
