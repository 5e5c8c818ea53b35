/**
 * The hub in Angular 7 to 15. Copy this file into your application and import `HubModule` after `HttpClientModule`. It needs no package but
 * Angular and RxJS 6 or 7, and compiles with TypeScript 3.1.
 *
 * Requests to the hub's origin carry the proof that they come from your page; when the session is over, the browser goes to the login and
 * comes back. Delete whatever attached tokens before.
 */
import { DOCUMENT } from '@angular/common';
import {
  HTTP_INTERCEPTORS,
  HttpBackend,
  HttpClient,
  HttpEvent,
  HttpHandler,
  HttpInterceptor,
  HttpRequest,
} from '@angular/common/http';
import { Inject, Injectable, NgModule } from '@angular/core';
import { BehaviorSubject, Observable, throwError } from 'rxjs';
import { catchError } from 'rxjs/operators';

const BYPASS = 'ngsw-bypass'; // Angular's service worker leaves requests with this parameter to the hub

export interface HubUser {
  /** Names the user over all providers, by a hash. */
  identity: string;
  subject: string;
  name: string;
  claims: { [name: string]: any };
}

export interface HubSessionStatus {
  /** `unknown` until the hub has responded for the first time; `unavailable` if it does not. */
  state: 'unknown' | 'authenticated' | 'anonymous' | 'unavailable';
  user: HubUser | null;
  /** Why the last session ended, and a sentence for the user; null if there was none. */
  endReason: string | null;
  endDetail: string | null;
}

const UNKNOWN: HubSessionStatus = { state: 'unknown', user: null, endReason: null, endDetail: null };

/** Who is logged in, and the ways in and out. */
@Injectable({ providedIn: 'root' })
export class HubSession {
  private readonly http: HttpClient;
  private readonly changes = new BehaviorSubject<HubSessionStatus>(UNKNOWN);
  private isLeaving = false;
  /** Emits the status now, and at each change. */
  readonly status: Observable<HubSessionStatus> = this.changes.asObservable();

  constructor(
    backend: HttpBackend,
    @Inject(DOCUMENT) private readonly document: any,
  ) {
    this.http = new HttpClient(backend); // past all interceptors, which depend on this service
    if (!this.leaveForHub()) this.check();
  }

  get user(): HubUser | null {
    return this.changes.value.user;
  }

  /** Ask the hub who is logged in. */
  check(): void {
    this.ask(() => undefined);
  }

  /** Leave the page for the login, and come back to `returnTo`: a path with query and fragment, by default that of the page. */
  login(returnTo?: string): void {
    const { pathname, search, hash } = this.document.location;
    const target = encodeURIComponent(returnTo === undefined ? pathname + search + hash : returnTo);
    this.leave('/hub/login?return_to=' + target + '&' + BYPASS + '=1');
  }

  /** End the session, or all sessions of the user, at the provider too, and leave the page. Fails if the hub cannot be reached. */
  logout(everywhere = false): Promise<void> {
    const url = '/hub/logout' + (everywhere ? '?everywhere=1' : '');
    return new Promise((resolve, reject) =>
      this.http.post<any>(url, null, { headers: this.proof() }).subscribe((response) => {
        this.end({ reason: 'logout' });
        this.leave(response.redirect_to);
        resolve();
      }, reject),
    );
  }

  /** A request got 401. If that was the hub, and not the API, the session is over: go to the login. */
  refused(): void {
    this.ask((session) => {
      if (!session.authenticated && !this.isLeaving) this.login();
    });
  }

  /** The headers by which a request proves that it comes from this page, and says for whom the page was loaded. */
  proof(): { [name: string]: string } {
    const own: { [name: string]: string } = { 'X-Hub-CSRF': '1' };
    return this.user === null ? own : { ...own, 'X-Hub-Identity': this.user.identity };
  }

  /** Tell whether a URL is one of the page's own origin, which is the hub's. */
  serves(url: string): boolean {
    const base = this.document.baseURI;
    return new URL(url, base).origin === new URL(base).origin;
  }

  private ask(then: (session: any) => void): void {
    this.http.get<any>('/hub/session?passive=1').subscribe(
      (session) => {
        if (session.authenticated) this.begin(session);
        else this.end(session);
        then(session);
      },
      () => this.changes.next({ ...this.changes.value, state: 'unavailable' }),
    );
  }

  private begin(session: any): void {
    const { identity, subject, name, claims } = session;
    if (this.user !== null && this.user.identity !== identity) return this.leave(this.document.location.href); // of another user
    this.changes.next({ ...UNKNOWN, state: 'authenticated', user: { identity, subject, name, claims } });
  }

  private end(problem: { reason?: string; detail?: string }): void {
    this.changes.next({ state: 'anonymous', user: null, endReason: problem.reason || null, endDetail: problem.detail || null });
  }

  /** A service worker has answered an address of the hub, such as the end of a login, with this application: ask the hub itself. */
  private leaveForHub(): boolean {
    const { location, defaultView } = this.document;
    if (location.pathname.indexOf('/hub/') !== 0) return false;
    if (location.search.indexOf(BYPASS) < 0) {
      location.replace(location.pathname + location.search + (location.search === '' ? '?' : '&') + BYPASS + '=1');
    } else if (defaultView.navigator.serviceWorker) {
      defaultView.navigator.serviceWorker.getRegistration().then((worker: any) => {
        if (worker) worker.unregister().then(() => location.reload()); // one that does not know the parameter, as before Angular 8
      });
    }
    return true;
  }

  private leave(url: string): void {
    this.isLeaving = true;
    this.document.location.assign(url);
  }
}

/** Adds the proof to requests for the hub's origin, and goes to the login when the session is over. */
@Injectable()
export class HubInterceptor implements HttpInterceptor {
  constructor(private readonly session: HubSession) {}

  intercept(request: HttpRequest<any>, next: HttpHandler): Observable<HttpEvent<any>> {
    if (!this.session.serves(request.url)) return next.handle(request);
    return next.handle(request.clone({ setHeaders: this.session.proof() })).pipe(
      catchError((error) => {
        if (error.status === 401) this.session.refused();
        return throwError(error);
      }),
    );
  }
}

@NgModule({ providers: [{ provide: HTTP_INTERCEPTORS, useClass: HubInterceptor, multi: true }] })
export class HubModule {}
