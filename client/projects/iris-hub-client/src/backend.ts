import { FetchBackend, HttpBackend, type HttpEvent, type HttpRequest, HttpXhrBackend } from '@angular/common/http';
import { Injectable, NgZone, inject } from '@angular/core';
import { Observable } from 'rxjs';
import { HttpExchange } from './exchange';
import { HUB } from './hub';
import { inZone } from './zone';

/** Sends the requests for the hub's routes with the hub's client, and all others as Angular does. */
@Injectable({ providedIn: 'root' })
export class HubBackend implements HttpBackend {
  private readonly hub = inject(HUB);
  private readonly zone = inject(NgZone);
  private readonly others: HttpBackend = inject(FetchBackend, { optional: true }) ?? inject(HttpXhrBackend);

  handle(request: HttpRequest<unknown>): Observable<HttpEvent<unknown>> {
    const { hub, zone } = this;
    if (hub === null || request.method === 'JSONP' || !hub.serves(request.urlWithParams)) return this.others.handle(request);
    return new Observable((subscriber) => {
      const exchange = new HttpExchange(hub, request, inZone(zone, subscriber));
      void zone.runOutsideAngular(() => exchange.run());
      return () => exchange.cancel();
    });
  }
}
