"""The composition root: the only place that builds. Each object is made once, in dependency order, and closed in reverse."""

import asyncio
import os
import random
import secrets
import socket
from contextlib import AsyncExitStack
from typing import Any

from hub.channel.interfaces import ChannelServices
from hub.channel.presence import Presence
from hub.channel.registry import Registry
from hub.config.settings import ProviderSettings, Settings
from hub.dispatch import Dispatch
from hub.errors import StoreUnavailable
from hub.event_reactions import EventReactions
from hub.gateway.dropped_headers import DroppedHeaders
from hub.gateway.forwarding import ForwardingDependencies
from hub.gateway.headers import HeaderRules
from hub.gateway.message_signer import MessageSigner
from hub.gateway.pipeline import Pipeline
from hub.gateway.rate_limits import RateLimits
from hub.gateway.resource_server import ResourceServer
from hub.gateway.routes import RouteTable
from hub.gateway.upstream_ends import UpstreamEnds
from hub.gateway.upstream_sessions import UpstreamSessions
from hub.gateway.websocket_door import UpstreamWebSocketClient
from hub.idempotency.executor import IdempotencyLimits, IdempotentExecutor
from hub.idempotency.ledger import Ledger
from hub.iris.api import IRIS_API
from hub.iris.dialect import dialect_of
from hub.iris.native_jwt import NativeJwt
from hub.login.code_flow import CodeFlow
from hub.login.form_login import FormLogin
from hub.login.logout import Logout
from hub.login.provider_logout import ProviderLogout
from hub.oidc.provider import OpenIDProvider
from hub.oidc.providers import Provider, Providers
from hub.primitives.clock import Clock
from hub.primitives.descriptors import descriptor_limit, effective_reserve
from hub.primitives.task_supervisor import TaskSupervisor
from hub.session.attempts import LoginAttempts
from hub.session.codec import RecordCodec
from hub.session.cookie import xsrf_token_matches
from hub.session.event_feed import EventFeed
from hub.session.failure_limit import FailureLimiter
from hub.session.keyring import Keyring
from hub.session.known_providers import KnownProviders
from hub.session.last_channel import LastChannelStore
from hub.session.logout_tokens import LogoutTokenStore
from hub.session.model import Lifetimes
from hub.session.node_description import NodeDescription
from hub.session.node_registry import NodeRegistry
from hub.session.open_streams import OpenStreams
from hub.session.record_faults import RecordFaults
from hub.session.redis_client import connect
from hub.session.redis_faults import KINDS, RedisFaults
from hub.session.refresh_lock import RefreshLock
from hub.session.revocations import RevocationQueue
from hub.session.session_lookup import SessionLookup
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.session.upstream_jars import CookieJarStore
from hub.telemetry.access_log import AccessLog
from hub.telemetry.metrics import Metrics
from hub.tokens.access import TokenAccess
from hub.tokens.audience_tokens import AudienceTokens
from hub.tokens.client_tokens import ClientTokens
from hub.tokens.refresh_worker import RefreshWorker
from hub.tokens.refresher import Refresher
from hub.tokens.revocation_worker import RevocationWorker
from hub.tokens.route_tokens import RouteTokens
from hub.topics.dropped_entries import DroppedEntries
from hub.topics.entry import EntryCodec
from hub.topics.publisher_limits import PublisherLimits
from hub.topics.publisher_topics import PublisherTopics
from hub.topics.store import TopicStore
from hub.topics.topics import Topics
from hub.upstream.bulkheads import PoolLimits
from hub.upstream.descriptors import DescriptorReserve
from hub.web.client_address import TrustedProxies
from hub.web.pass_through_registry import PassThroughRegistry
from hub.web.refusals import Refusals

FIGURES_SECONDS = 1.0  # Prometheus asks some times a minute


class Services:
    """All objects of one worker process, wired."""

    def __init__(self, settings: Settings, keyring: Keyring, redis_url: str, clock: Clock) -> None:
        origin = settings.server.origin
        lifetimes = Lifetimes(
            settings.session.idle_timeout_seconds, settings.session.absolute_timeout_seconds, settings.session.warning_seconds
        )
        self.settings = settings
        self.clock = clock
        self.metrics = Metrics()
        self.tasks = TaskSupervisor(
            clock, failure_seconds=settings.server.task_failure_seconds, report_restart=self._count_restart
        )
        self._provider_tasks = TaskSupervisor(clock, report_restart=self._count_restart)
        self.access_log = AccessLog(clock)
        errors = {kind: self.metrics.redis_errors.labels(kind) for kind in KINDS}  # all from the start: alarms compare with zero
        redis_faults = RedisFaults(lambda kind: errors[kind].inc(), clock)
        self.redis = connect(redis_url, settings.redis.timeout_seconds, redis_faults)
        accepts_unauthenticated = settings.session.unauthenticated_records == "accept"
        codec = RecordCodec(keyring, accepts_unauthenticated=accepts_unauthenticated)
        faults = RecordFaults(lambda kind, fault: self.metrics.record_faults.labels(kind, fault).inc(), clock)
        self.store = SessionStore(self.redis, codec, lifetimes, clock, faults)
        self.nodes = NodeRegistry(self.redis, lambda: _describe(settings, keyring), clock)
        self.events = EventFeed(self.redis, keyring, clock, self.metrics)
        revocations = RevocationQueue(self.redis, codec, faults)
        known_providers = KnownProviders(settings.issuers)
        self.sessions = Sessions(self.store, self.events, revocations, lifetimes, clock, self.metrics, known_providers)
        self.providers = Providers([self._provider(provider) for provider in settings.all_providers])
        lock = RefreshLock(self.redis, clock)
        self.refresher = Refresher(
            self.store, self.sessions, lock, self.providers, self.events, clock, self.metrics, random.random
        )
        self.refresh_worker = RefreshWorker(self.store, self.sessions, self.refresher, clock)
        self.revocation_worker = RevocationWorker(revocations, self.sessions, self.providers, clock, self.metrics, random.random)
        self.resource_server = ResourceServer(
            (route.ca_file for route in settings.routes),
            PoolLimits(
                total=settings.upstream.connections,
                per_target=settings.upstream.connections_per_target,
                reserved=settings.upstream.reserved_connections,
                per_user=settings.upstream.connections_per_user,
                per_address=settings.upstream.connections_per_address,
            ),
            lambda limit: self.metrics.limited.labels(limit).inc(),
            self._descriptor_reserve(),
        )
        access = TokenAccess(self.refresher, self.providers, clock)
        self.client_tokens = ClientTokens(self.providers, clock)
        self.further_tokens = AudienceTokens(self.store, self.sessions, self.refresher, access, self.providers, clock)
        tokens = RouteTokens(access, self.further_tokens, self.client_tokens)
        routes, jars = RouteTable(settings.routes, IRIS_API, settings.issuers), CookieJarStore(self.redis, codec, faults)
        self.upstream_ends = UpstreamEnds(jars, self.sessions, routes, self.resource_server, clock, self.metrics)
        self.upstream_sessions = UpstreamSessions(jars, lifetimes, clock, self.upstream_ends.end)
        self.websocket_door = UpstreamWebSocketClient((route.ca_file for route in settings.routes), self._descriptor_reserve())
        self.dropped_headers = DroppedHeaders(self.metrics)
        forwarding = ForwardingDependencies(
            resource_server=self.resource_server,
            websockets=self.websocket_door,
            sessions=self.upstream_sessions,
            signer=MessageSigner(settings.routes, clock),
            dpop_key=self.providers.dpop_keys.get,
            clock=clock,
            headers=HeaderRules(self.dropped_headers.note, origin),
        )
        pipeline = Pipeline(tokens, forwarding, origin, clock, self.metrics)
        self.executor = IdempotentExecutor(
            Ledger(self.redis, keyring, secrets.token_hex(8), settings.channel.keep_seconds),
            IdempotencyLimits(
                response_bytes=settings.channel.kept_answer,
                session_bytes=settings.channel.kept_per_session,
                keep_seconds=settings.channel.keep_seconds,
                running_per_session=settings.channel.in_flight * settings.channel.connections_per_session,
            ),
            clock,
            self.metrics,
        )
        self.code_flow = CodeFlow(
            self.providers,
            LoginAttempts(self.redis, codec),
            self.sessions,
            settings.session,
            origin,
            clock,
            self.metrics,
            random.random,
        )
        self.limiter = FailureLimiter(self.redis, clock)
        self.form_login = FormLogin(
            self.providers, self.sessions, self.limiter, settings.session, clock, self.metrics, random.random
        )
        self.logout = Logout(self.sessions, self.providers, revocations, self.nodes, clock, f"{origin}/")
        self.provider_logout = ProviderLogout(self.sessions, self.providers, LogoutTokenStore(self.redis), self.nodes, clock)
        self.presence = Presence(
            LastChannelStore(self.redis), self.sessions, clock, settings.session.end_after_last_channel_seconds
        )
        self.rates = RateLimits(settings.limits, clock, self.metrics)
        self.trusted_proxies = TrustedProxies(settings.server.trusted_proxies, settings.server.forwarded_header)
        self.refusals = Refusals(self.rates, clock, self.trusted_proxies)
        lookup = SessionLookup(self.sessions, clock)
        self.outage = lookup.outage
        self.dispatch = Dispatch(routes, lookup, self.rates, self.executor, pipeline, self.metrics, clock)
        dropped_entries = DroppedEntries(clock, self.metrics)
        entries = EntryCodec(keyring, accepts_untagged=accepts_unauthenticated)
        topic_store = TopicStore(self.redis, entries, self.events, clock, dropped_entries)
        self.topics = Topics(topic_store, settings.topics, settings.issuers, clock, dropped_entries)
        self.publisher_limits = PublisherLimits(settings.publishers, PublisherTopics(self.redis), clock, self.metrics)
        self.channels = ChannelServices(
            dispatch=self.dispatch,
            executor=self.executor,
            topics=self.topics,
            rates=self.rates,
            sessions=self.sessions,
            lifetimes=lifetimes,
            csrf_matches=xsrf_token_matches,
            clock=clock,
            metrics=self.metrics,
            settings=settings.channel,
            uploads=settings.upstream,
            outage=self.outage,
            note_presence=self.presence.note,
        )
        self.registry = Registry(self.channels)
        self.streams = OpenStreams(self.sessions, clock, self.metrics)
        self.passages = PassThroughRegistry(self.sessions, self.streams, clock, self.metrics, settings.channel, settings.upstream)
        self.reactions = EventReactions(
            self.events,
            self.sessions,
            self.topics,
            self.registry,
            self.streams,
            self.upstream_sessions,
            self.upstream_ends,
            clock,
            self.metrics,
        )
        self.exchanges: set[asyncio.Task[Any]] = set()
        self.draining = False
        self._closing = AsyncExitStack()

    def _descriptor_reserve(self) -> DescriptorReserve:
        """Return the file descriptors that connections to APIs leave to clients and to everything else."""
        limit = descriptor_limit()
        reserve = effective_reserve(limit, self.settings.server.reserved_descriptors)
        return DescriptorReserve(limit, reserve, self.metrics.descriptor_shortages.inc)

    async def start(self) -> None:
        """Open what must be open before the first request, and start the background tasks.

        Neither provider nor Redis has to be up: `readiness` says what is missing, and it is tried again.
        """
        self._closing.callback(self.metrics.tally.flush)
        self._closing.push_async_callback(self.redis.aclose)
        await self.providers.start()
        self._closing.push_async_callback(self.providers.close)
        await self.resource_server.start()
        self._closing.push_async_callback(self.resource_server.close)
        await self.websocket_door.start()
        self._closing.push_async_callback(self.websocket_door.close)
        self._closing.push_async_callback(self.upstream_ends.close)
        self._closing.push_async_callback(self.upstream_sessions.close)
        self._closing.push_async_callback(self.revocation_worker.close)
        self._closing.push_async_callback(self.refresher.close)
        self._closing.push_async_callback(self.further_tokens.close)
        self._closing.push_async_callback(self.client_tokens.close)
        self._closing.push_async_callback(self.executor.close)
        self._closing.push_async_callback(self.topics.close)
        self._closing.push_async_callback(self.streams.close)
        self._closing.push_async_callback(self.nodes.withdraw)
        self._closing.push_async_callback(self.tasks.close)
        self.tasks.start("session events", self.reactions.listen, required=self._redis_responds)
        self.tasks.start("event hints", self.reactions.look_up_hints)
        self.tasks.start("background refresh", self.refresh_worker.run)
        self.tasks.start("revocation", self.revocation_worker.run)
        self.tasks.start("figures", self._hand_on_figures)
        self.tasks.start("upstream sessions", self.upstream_ends.run)
        self.tasks.start("idempotency", self.executor.run, required=self._redis_responds)
        self.tasks.start("channel watch", self.registry.watch, required=self._redis_responds)
        self.tasks.start("passages", self.passages.watch)
        self.tasks.start("open streams", self.streams.watch, required=self._redis_responds)
        self.tasks.start("node registry", self.nodes.run)
        self.tasks.start("presence", lambda: self.presence.run(lambda: self.registry.session_keys))

    async def close(self) -> None:
        """Stop the tasks, finish the refreshes and revocations under way, and close the connections."""
        await self._closing.aclose()

    async def readiness(self) -> tuple[bool, dict[str, str]]:
        """Return whether this hub can serve requests, and what is wrong, by part.

        One provider of several that fails is a trouble, but no reason to send everybody elsewhere.
        """
        troubles = {}
        if self.draining:
            troubles["hub"] = "is being stopped"
        elif failing := self.tasks.failing:
            troubles["hub"] = f"is restarting a background task that failed: {', '.join(failing)}"
        if not await self._redis_responds():
            troubles["redis"] = "does not respond"
        of_providers = self.providers.troubles()
        return not troubles and len(of_providers) < len(self.providers), troubles | of_providers

    async def _redis_responds(self) -> bool:
        try:
            await self.store.ping()
        except StoreUnavailable:
            return False
        self.outage.ended()
        return True

    def _count_restart(self, task: str) -> None:
        self.metrics.task_restarts.labels(task).inc()

    def _provider(self, settings: ProviderSettings) -> Provider:
        """Return the provider of these settings, of the kind that they name.

        Its tasks do not decide whether this hub is ready: `Provider.status` says what is wrong, and other providers may be well.
        """
        report_open_circuits = self.metrics.open_circuits.labels(settings.name).set
        if settings.kind == "iris_native":
            return NativeJwt(settings, self.clock, report_open_circuits, self._provider_tasks)
        return OpenIDProvider(settings, self.clock, report_open_circuits, dialect_of, self._provider_tasks)

    async def _hand_on_figures(self) -> None:
        """Let other workers, of which one may be asked for all, see what this one has counted."""
        while True:
            await self.clock.sleep(FIGURES_SECONDS)
            self.metrics.tally.flush()


def _describe(settings: Settings, keyring: Keyring) -> NodeDescription:
    """Return what this process has, for other nodes and for operators."""
    name = f"{socket.gethostname()}:{settings.server.port}"
    return NodeDescription(name, os.getpid(), tuple(keyring.key_ids), settings.issuers)
