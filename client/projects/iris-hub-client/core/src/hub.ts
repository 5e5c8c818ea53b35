import { ACTIVITY_EVENTS, Activity } from './activity';
import { type Answer, InlineBody, type Transport } from './answer';
import { Call, type CallRequest } from './call';
import { Channel, type ChannelStatus } from './channel';
import { Emitter } from './emitter';
import { HubError, aborted, asksForLogin } from './errors';
import { fetchThrough } from './fetch';
import { sendElsewhere, sendOverHttp } from './http';
import { Journal } from './journal';
import type { Greeting } from './line';
import { type LoginOptions, csrfToken, loginUrl, proof } from './page';
import type { Push } from './push';
import { following } from './redirects';
import { Revalidation } from './revalidation';
import { BYPASS, isAtHub, leaveForHub } from './service-worker';
import { Session, type SessionStatus } from './session';
import { type TabMessage, Tabs } from './tabs';
import type { TopicListener } from './topics';
import type { EventMessage, Problem } from './wire';
import { type Timer, type World, browserWorld } from './world';

const POLL_MS = 30_000; // without a channel or an event stream nobody else tells that the session has ended
const AFTER_CALL_MS = 1000; // many calls in a row, one look at the session
const LOGGED_IN = 'hub-logged-in'; // query parameter of the page in which a login in a window of its own ends

/** Which way a request may go: `auto` prefers the channel. */
export type Mode = 'auto' | Transport;

export interface HubOptions {
  /** Path prefixes that the hub forwards. */
  routes?: readonly string[];
  /** Name and version of the application, for the hub's log. */
  client?: string;
  /** `http`: open no channel at all. */
  mode?: 'auto' | 'http';
  /** Calls that meet an ended session: `fail`, or `wait` until the same user has logged in again. */
  whenLoggedOut?: 'fail' | 'wait';
  /** What keeps the session from ending by its idle timeout: keys and pointers too, or only requests. */
  activity?: 'input' | 'requests';
}

export interface HubRequest extends CallRequest {
  mode?: Mode;
  /** Keep the answer in memory and ask next time whether it has changed. */
  revalidate?: boolean;
}

interface Traffic {
  transport: Transport;
  inFlight: number;
  roundTripMs: number | null;
  degraded: boolean;
}

/** The hub as a page sees it: requests, session, channel and log. */
export class Hub {
  readonly session: Session;
  readonly journal = new Journal();
  readonly traffic = new Emitter<Traffic>();
  readonly channelStatus = new Emitter<ChannelStatus>();
  readonly routes: readonly string[];
  trafficNow: Traffic = { transport: 'http', inFlight: 0, roundTripMs: null, degraded: false };
  private readonly activity: Activity;
  private readonly greeting: () => Greeting;
  private readonly channel: Channel;
  private push: Push | null = null; // loaded when it is needed for the first time
  private loading: Promise<Push | null> | null = null;
  private isWithoutChannel = false;
  private readonly tabs: Tabs;
  private readonly revalidation = new Revalidation();
  private readonly byHttp = new WeakSet<Call>();
  private readonly stops: (() => void)[] = [];
  private look: Timer | undefined;
  private poll: Timer | undefined;
  private wasAuthenticated = false;
  private isLeaving = false;

  constructor(
    private readonly options: HubOptions = {},
    private readonly world: World = browserWorld,
  ) {
    this.routes = options.routes ?? ['/api'];
    this.session = new Session(world);
    this.activity = new Activity(world, () => void this.session.check({ active: true }));
    this.tabs = new Tabs((message) => this.onTab(message));
    const url = new URL('/hub/channel', location.href.replace(/^http/, 'ws')).href;
    this.greeting = () => ({ csrf: csrfToken(), client: options.client, identity: this.session.identity || undefined });
    this.channel = new Channel(url, this.greeting, world, (calls) => calls.forEach((call) => void this.overHttp(call)));
    this.channel.absence.listen((isAbsent) => (isAbsent ? void this.listenWithoutChannel() : this.stopPush()));
    this.channel.status.listen((status) => this.onChannel(status));
    this.channel.events.listen((event) => this.onEvent(event));
    this.channel.roundTrips.listen((ms) => this.changeTraffic({ roundTripMs: Math.round(ms) }));
    this.channel.ready.listen(() => this.channel.ping());
    this.session.changes.listen((status) => this.onSession(status));
  }

  /** Find out who is logged in, and keep looking. */
  async start(): Promise<void> {
    if (isAtHub()) return leaveForHub();
    this.endLoginWindow();
    this.listen(window, 'online', () => this.channel.state === 'waiting' && this.channel.open());
    this.listen(window, 'pagehide', () => this.hangUp());
    this.listen(window, 'pageshow', (event) => (event as PageTransitionEvent).persisted && location.reload());
    this.listen(document, 'visibilitychange', () => !document.hidden && this.onShown());
    if (this.options.activity !== 'requests') {
      ACTIVITY_EVENTS.forEach((type) =>
        this.listen(window, type, (event) => this.onInput(event), { capture: true, passive: true }),
      );
    }
    this.schedulePoll();
    await this.session.check();
  }

  /** Stop for good. */
  stop(): void {
    this.stops.forEach((stop) => stop());
    this.activity.stop();
    this.world.clearTimeout(this.poll);
    this.world.clearTimeout(this.look);
    this.tabs.close();
    this.hangUp();
  }

  /** Tell whether a URL is one that the hub forwards. */
  serves(url: string): boolean {
    const { origin, pathname } = new URL(url, location.href);
    return (
      origin === location.origin &&
      this.routes.some((route) => pathname === route || pathname.startsWith(`${route.replace(/\/$/, '')}/`))
    );
  }

  /**
   * Send a request; the answer is that of the API, whatever its status.
   *
   * @throws HubError if there is none; the reason of the signal if it was aborted.
   */
  async send(request: HubRequest): Promise<Answer> {
    const start = performance.now();
    const name = `${request.method} ${request.path.split('?')[0]}`;
    this.changeTraffic({ inFlight: this.trafficNow.inFlight + 1 });
    try {
      const answer = await this.sendOnce(request);
      const { queue, upstream } = answer.timing ?? {};
      const { status, transport, replayed } = answer;
      const bad = status >= 500 || undefined;
      this.journal.call(name, start, {
        status,
        transport,
        replayed: replayed || undefined,
        queueMs: queue,
        upstreamMs: upstream,
        bad,
      });
      if (!request.passive) {
        this.activity.reported();
        this.lookSoon();
      }
      return answer;
    } catch (error) {
      const problem = error instanceof HubError ? error.problem : null;
      this.journal.call(`${name}: ${problem?.title ?? 'cancelled'}`, start, { status: problem?.status, bad: problem !== null });
      throw error;
    } finally {
      this.changeTraffic({ inFlight: this.trafficNow.inFlight - 1 });
    }
  }

  /**
   * The same with the parameters and the result of the platform's `fetch`, which also gets what is not for the hub.
   *
   * @throws HubError if there is no response; the reason of the signal if it was aborted.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    return fetchThrough(this, input, init);
  }

  /** Listen to a topic, over the channel or, without one, over an event stream; returns how to stop. */
  topic(name: string, listener: TopicListener): () => void {
    return this.channel.topic(name, listener);
  }

  /** Dial again now. */
  reconnect(): void {
    if (this.session.status.state === 'authenticated' && this.options.mode !== 'http') this.channel.open();
  }

  /** Leave the page for the login; it comes back to where it is. */
  login(options: LoginOptions = {}): void {
    location.assign(loginUrl(options));
  }

  /** Leave the page for a login that is good enough for what was refused with `step-up-required`, and come back. */
  stepUp(problem: Problem): void {
    const url = new URL(String(problem['login_url'] ?? '/hub/login'), location.href);
    url.searchParams.set('return_to', location.pathname + location.search + location.hash);
    url.searchParams.set(BYPASS, '');
    location.assign(url.pathname + url.search);
  }

  /** Log in in a window of its own; calls that wait go on afterwards. Resolves when the hub knows the user again. */
  async loginInPlace(options: Omit<LoginOptions, 'returnTo'> = {}): Promise<void> {
    window.open(loginUrl({ ...options, returnTo: `/?${LOGGED_IN}=1` }), 'iris-hub-login', 'popup,width=480,height=720');
    await this.authenticated();
  }

  /** End the session, tell the other tabs, and go where the hub says. */
  async logout(options: { everywhere?: boolean } = {}): Promise<void> {
    this.isLeaving = true;
    try {
      const destination = await this.session.logOut(options);
      this.tabs.tell('ended');
      this.session.end('logout', null);
      location.replace(destination);
    } catch (error) {
      this.isLeaving = false;
      throw error;
    }
  }

  private async sendOnce(request: HubRequest): Promise<Answer> {
    const etag = request.revalidate ? this.revalidation.etag(request.path) : undefined;
    const asked = etag === undefined ? request : { ...request, headers: { ...request.headers, 'if-none-match': etag } };
    const first = { url: new URL(asked.path, location.href), request: asked };
    const answer = await following(first, (next) =>
      next === first || this.serves(next.url.href) ? this.authorized(next.request) : sendElsewhere(next.url.href, next.request),
    );
    return request.revalidate ? this.revalidation.take(request.path, answer) : answer;
  }

  private async authorized(request: HubRequest): Promise<Answer> {
    const answer = await this.dispatch(request);
    return answer.status === 401 ? this.afterUnauthorized(request, answer) : answer;
  }

  /** Send it by the way it asks for, or the best there is. The hub's own problems become answers, as they are over HTTP. */
  private async dispatch(request: HubRequest): Promise<Answer> {
    if (request.signal?.aborted) throw aborted(request.signal);
    const call = new Call(request, this.world);
    const mode = request.keepalive ? 'http' : (request.mode ?? 'auto');
    if (mode === 'http' || (mode === 'auto' && !this.mayUseChannel)) void this.overHttp(call);
    else this.channel.submit(call);
    try {
      return await call.answer;
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      if (error.isTimeout && request.timeoutMs !== undefined) throw HubError.timedOut(error.processed); // the hub's clock was faster
      if (error.problem.status === 0) throw error;
      return problemAnswer(error);
    }
  }

  private get mayUseChannel(): boolean {
    return this.options.mode !== 'http' && ['connecting', 'open', 'waiting'].includes(this.channel.state);
  }

  /** Carry a call over HTTP: with its key, so that it is executed once even if the channel has carried it already. */
  private async overHttp(call: Call): Promise<void> {
    if (call.isDone || this.byHttp.has(call)) return;
    this.byHttp.add(call);
    if ((call.request as HubRequest).mode === 'channel')
      return call.fail(HubError.of('no-channel', 'There is no channel that takes this request.', 'never'));
    call.wasSent = true;
    try {
      call.succeed(await sendOverHttp(call, () => proof(this.session.identity)));
    } catch (error) {
      if (this.mayTryAgain(call, error)) {
        this.byHttp.delete(call);
        this.channel.park(call);
      } else {
        call.fail(error);
      }
    }
  }

  /** Nothing gets through at the moment; what may be sent twice waits for the next connection, as long as its caller does. */
  private mayTryAgain(call: Call, error: unknown): boolean {
    const isLine = error instanceof HubError && error.problem.status === 0 && !error.isTimeout;
    const mayGoAgain = !call.isDone && !call.isForHttp && call.isRepeatable && this.world.now() < call.deadline;
    return isLine && mayGoAgain && this.mayUseChannel;
  }

  /** A 401 of the hub itself says that the session is over; wait for the next login if the application wants that. */
  private async afterUnauthorized(request: HubRequest, answer: Answer): Promise<Answer> {
    const text = await answer.body.text();
    const problem = parsed(text) as { reason?: string; detail?: string } | null;
    const again = { ...answer, body: new InlineBody(text) };
    if (!asksForLogin(problem)) return again;
    const { identity } = this.session;
    if (!this.isLeaving) this.session.end(problem?.reason ?? null, problem?.detail ?? null);
    if (this.options.whenLoggedOut !== 'wait') return again;
    await this.authenticated(request.signal);
    return this.session.identity === identity || identity === '' ? this.dispatch(request) : again;
  }

  private authenticated(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = this.session.changes.listen(({ state }) => {
        if (state !== 'authenticated') return;
        stop();
        resolve();
      });
      signal?.addEventListener('abort', () => (stop(), reject(aborted(signal))), { once: true });
    });
  }

  private onSession(status: SessionStatus): void {
    if (status.state === 'authenticated' && !this.wasAuthenticated) {
      this.wasAuthenticated = true;
      this.journal.add({ kind: 'session', text: 'logged in' });
      this.tabs.tell('logged-in');
      if (this.options.mode === 'http') void this.listenWithoutChannel();
      else this.reconnect();
    } else if (status.state === 'anonymous' && this.wasAuthenticated) {
      this.wasAuthenticated = false;
      this.activity.stop();
      this.hangUp();
      this.revalidation.clear();
      this.journal.clear();
      this.journal.add({ kind: 'session', text: `ended: ${status.endReason}`, bad: true });
      if (!this.isLeaving) this.tabs.tell('ended');
    }
  }

  /** Get the events of topics and of the session over HTTP, until there is a channel. */
  private async listenWithoutChannel(): Promise<void> {
    this.isWithoutChannel = true;
    this.push ??= await (this.loading ??= this.loadPush());
    if (!this.isWithoutChannel || this.push === null) return;
    this.push.start(this.session.identity);
    this.channel.topics.moveTo(this.push);
  }

  /** Load what most pages never need; null if that does not get through either. */
  private async loadPush(): Promise<Push | null> {
    const loaded = await import('./push').catch(() => null);
    this.loading = null;
    if (loaded === null) return null;
    const push = new loaded.Push(this.greeting, this.world);
    push.doubts.listen(() => void this.session.check());
    push.events.listen((event) => {
      this.channel.topics.take(event);
      this.onEvent(event);
    });
    return push;
  }

  private stopPush(): void {
    this.isWithoutChannel = false;
    this.push?.stop();
  }

  private hangUp(): void {
    this.channel.close();
    this.stopPush();
  }

  private onShown(): void {
    this.push?.resume();
    if (this.session.status.state !== 'unknown') void this.session.check();
  }

  /** Whether the hub tells what becomes of the session. */
  private get isTold(): boolean {
    return this.channel.state === 'open' || this.push?.isOpen === true;
  }

  private onChannel(status: ChannelStatus): void {
    const { state, code, retryInMs } = status;
    const why = code === null ? '' : ` (${code})`;
    const next = retryInMs === null ? '' : `, again in ${Math.ceil(retryInMs / 1000)} s`;
    this.journal.add({ kind: 'channel', text: `${state}${why}${next}`, bad: state === 'waiting' || state === 'refused' });
    this.changeTraffic({ transport: state === 'open' ? 'channel' : 'http', roundTripMs: null });
    this.channelStatus.emit(status);
    if ((state === 'ended' || status.next === 'reload') && !this.isLeaving) void this.session.check();
  }

  private onEvent(event: EventMessage): void {
    if (event.topic === 'session') {
      this.journal.add({ kind: 'session', text: event.name, bad: event.name === 'ended' });
      if (this.isLeaving) return;
      if (event.name === 'changed') return this.channel.redial();
      this.session.take(event);
    } else if (event.topic === 'hub') {
      this.changeTraffic({ degraded: event.name === 'degraded' });
    } else {
      this.journal.add({ kind: 'topic', text: `${event.topic}: ${event.name}` });
    }
  }

  private onTab(message: TabMessage): void {
    if (message === 'ended' && (!this.wasAuthenticated || this.isTold)) return; // the hub says why
    if (!this.isLeaving) void this.session.check();
  }

  /** A page in which a login in a window of its own has ended tells the others, and closes. */
  private endLoginWindow(): void {
    if (!new URLSearchParams(location.search).has(LOGGED_IN)) return;
    this.tabs.tell('logged-in');
    window.close();
    history.replaceState(null, '', '/'); // where the browser does not let a script close it
  }

  private lookSoon(): void {
    this.world.clearTimeout(this.look);
    this.look = this.world.setTimeout(() => this.wasAuthenticated && !this.isLeaving && void this.session.check(), AFTER_CALL_MS);
  }

  private schedulePoll(): void {
    this.poll = this.world.setTimeout(() => {
      const needsLook = this.session.status.state === 'unavailable' || (this.wasAuthenticated && !this.isTold);
      if (needsLook && !document.hidden) void this.session.check();
      this.schedulePoll();
    }, POLL_MS);
  }

  private onInput(event: Event): void {
    const { state, idleEndsAt } = this.session.status;
    if (state === 'authenticated' && idleEndsAt !== null && !this.isLeaving) this.activity.noticed(event, idleEndsAt);
  }

  private listen(
    target: EventTarget,
    type: string,
    listener: (event: Event) => unknown,
    options?: AddEventListenerOptions,
  ): void {
    target.addEventListener(type, listener, options);
    this.stops.push(() => target.removeEventListener(type, listener, options));
  }

  private changeTraffic(changes: Partial<Traffic>): void {
    this.trafficNow = { ...this.trafficNow, ...changes };
    this.traffic.emit(this.trafficNow);
  }
}

/** The hub's own refusal of a request, in the form that it has over HTTP. */
function problemAnswer({ problem, processed, retryAfterMs }: HubError): Answer {
  const headers = new Headers({ 'cache-control': 'no-store', 'content-type': 'application/problem+json' });
  if (retryAfterMs !== null) headers.set('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  const body = new InlineBody(JSON.stringify({ ...problem, processed }));
  return { status: problem.status, headers, body, transport: 'channel', replayed: false, timing: null };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
