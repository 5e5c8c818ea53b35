import {
  HttpErrorResponse,
  type HttpEvent,
  type HttpHandler,
  type HttpInterceptor,
  type HttpInterceptorFn,
  type HttpRequest,
} from '@angular/common/http';
import { Injectable } from '@angular/core';
import { asksForLogin, loginUrl, proof } from 'iris-hub-client/core';
import { type Observable, catchError, throwError } from 'rxjs';

/** For applications without the channel: proof of origin with each request, and the login when the session is over. */
export const hubInterceptor: HttpInterceptorFn = (request, next) => next(proven(request)).pipe(catchError(toLogin));

/** The same for `HTTP_INTERCEPTORS` of older applications. */
@Injectable()
export class HubInterceptor implements HttpInterceptor {
  intercept(request: HttpRequest<unknown>, next: HttpHandler): Observable<HttpEvent<unknown>> {
    return next.handle(proven(request)).pipe(catchError(toLogin));
  }
}

function proven(request: HttpRequest<unknown>): HttpRequest<unknown> {
  return new URL(request.url, location.href).origin === location.origin ? request.clone({ setHeaders: proof('') }) : request;
}

function toLogin(error: unknown): Observable<never> {
  if (error instanceof HttpErrorResponse && error.status === 401 && asksForLogin(error.error)) location.assign(loginUrl());
  return throwError(() => error);
}
