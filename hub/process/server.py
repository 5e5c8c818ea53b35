"""The life of a hub: settings -> private Redis if none is named -> services -> listen -> signals -> drain -> close."""

import asyncio
import dataclasses
import gc
import signal
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import tornado.netutil

from hub import __version__
from hub.application import build_admin_front, build_front
from hub.channel.close_codes import CloseCode
from hub.config.reader import load
from hub.config.secret_files import exposed_files
from hub.config.settings import ServerSettings, Settings, SettingsError
from hub.gateway.rate_limits import BURST_SECONDS
from hub.listener.acceptor import DescriptorLimits
from hub.listener.exchange import Front
from hub.listener.listener import HttpListener
from hub.listener.tornado_listener import TornadoListener
from hub.listener.work_budget import WorkLimits, ignore_refused, nobody_is_limited
from hub.primitives.clock import Clock, SystemClock
from hub.primitives.descriptors import descriptor_limit, effective_reserve
from hub.primitives.tasks import first_of
from hub.process.compiled import is_compiled
from hub.process.embedded_redis import EmbeddedRedis
from hub.process.supervisor import Supervisor, announce_ready
from hub.services import Services
from hub.session.key_folder import KeySources, provide_keys
from hub.session.key_watch import KeyWatcher
from hub.telemetry import log
from hub.web.response_headers import security_headers

LISTENERS: dict[str, type[HttpListener] | type[TornadoListener]] = {"fast": HttpListener, "tornado": TornadoListener}
"""The servers that `server.listener` chooses from."""


LAST_REQUESTS_SECONDS = 1.0  # longer than a client that is at work pauses between two requests

logger = log.get(__name__)


class TasksFailed(Exception):
    """The hub cannot go on serving; the message names the tasks, and the log says why each failed."""


class StartupError(Exception):
    """The hub cannot start; the message says why and what to do."""


def run(settings: Settings, config: Path | None = None, *, is_worker: bool = False) -> None:
    """Run the hub in this process, or its workers in processes of their own.

    Parameters:
        config: The settings file, which workers read again.
        is_worker: True in a worker that a supervisor has started.

    Raises:
        SettingsError: A setting turns out to be wrong when it is used.
        StartupError, EmbeddedRedisError, KeyringError, WorkersFailed, TasksFailed: It cannot start, or cannot go on.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_run(settings, config, is_worker=is_worker))


def hold_reloads() -> None:
    """Let SIGHUP wait until this process can follow it; before that it would end the process. `run` takes it up."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])


async def _run(settings: Settings, config: Path | None, *, is_worker: bool) -> None:
    stop, reload = _stop_signal(), _reload_signal()
    if not is_worker:
        warn_of_exposed_files(settings)
        tell_of_insecure_cookies(settings.server)
        if settings.session.unauthenticated_records == "accept":
            logger.warning("settings.unauthenticated_records", advice='set it to "reject" when all hubs are upgraded')
    async with AsyncExitStack() as closing:
        settings = await _with_local_store(settings, closing)
        if settings.server.processes > 1 and not is_worker:
            await Supervisor(settings, config).run(stop, reload)
        else:
            await Worker(settings, config, SystemClock()).run(stop, reload, announce_ready if is_worker else None)


def warn_of_exposed_files(settings: Settings) -> None:
    """Log each file of a secret that other users of the machine can read or replace."""
    for key, file, mode in exposed_files(settings):
        logger.warning("settings.exposed_file", setting=key, file=file, mode=mode, advice="chmod 600")


def tell_of_insecure_cookies(server: ServerSettings) -> None:
    """Log that cookies are not `Secure`, if browsers reach the hub by plain HTTP; on loopback that is as it should be."""
    if server.is_https:
        return
    if server.is_loopback:
        logger.info("settings.insecure_cookies", url=server.public_url)
    else:
        logger.warning("settings.insecure_cookies", url=server.public_url, advice="use https")


class Worker:
    """One process that serves requests."""

    def __init__(self, settings: Settings, config: Path | None, clock: Clock) -> None:
        self._settings = settings
        self._config = config
        self._clock = clock
        self._keys = KeyWatcher(KeySources.of(settings), clock)
        self._services = Services(settings, self._keys.keyring, settings.redis.url, clock)
        self._listeners: list[HttpListener | TornadoListener] = []

    async def run(self, stop: asyncio.Event, reload: asyncio.Event, on_ready: Callable[[], None] | None = None) -> None:
        """Serve until `stop` is set, then let requests finish. Reread the settings file each time `reload` is set.

        `on_ready` is called when this process accepts connections.

        Raises:
            StartupError, SettingsError: An address or a certificate cannot be used.
            TasksFailed: A background task that is required to serve cannot run, although Redis responds.
        """
        try:
            await self._services.start()
            tasks = self._services.tasks
            tasks.start("key watch", self._keys.run)
            tasks.start("reload", lambda: self._reload_when_told(reload))
            await self._listen()
            if on_ready is not None:
                on_ready()
            spare_the_collector()
            await first_of(stop.wait(), tasks.wait_until_given_up())
            await self._drain()
        finally:
            await self._services.close()
        if tasks.given_up and not stop.is_set():
            raise TasksFailed(f"A background task that is required to serve cannot run: {', '.join(tasks.given_up)}.")

    async def _reload_when_told(self, reload: asyncio.Event) -> None:
        while True:
            await reload.wait()
            reload.clear()
            self._reload()

    def _reload(self) -> None:
        """Take keys and log from the settings as they are now; what cannot be used is logged, and all stays as it was."""
        try:
            settings = load(self._config)
            log.configure(settings.log.level, settings.log.format, audit_file=settings.log.audit_file)
        except SettingsError as error:
            logger.error("hub.reload_failed", mistakes=error.mistakes)
            return
        if self._keys.check([Path(name) for name in settings.session.key_files]):
            logger.info("hub.reloaded", keys=len(self._keys.keyring.key_ids))
        else:
            logger.error("hub.reload_failed", mistakes=["The keys cannot be read; the former ones stay."])

    async def _listen(self) -> None:
        server, admin = self._settings.server, self._settings.admin
        reserve = server.reserved_descriptors
        public = await self._start(build_front(self._services), "server", server.host, server.port, _tls(self._settings), reserve)
        inner = await self._start(build_admin_front(self._services), "admin", admin.host, admin.port, None, 0)
        logger.info(
            "hub.listening",
            url=server.public_url,
            port=public,
            admin_port=inner,
            listener=server.listener,
            version=__version__,
            compiled=is_compiled(),
        )

    async def _start(self, front: Front, section: str, host: str, port: int, tls: ssl.SSLContext | None, reserve: int) -> int:
        """Start one listener, which leaves `reserve` file descriptors to others, and return its port."""
        try:
            sockets = tornado.netutil.bind_sockets(port, host, reuse_port=self._settings.server.processes > 1)
        except OSError as error:
            raise StartupError(f"{section}.port: cannot listen on {host}:{port} ({error.strerror}).") from error
        fields = security_headers(hsts=self._settings.server.is_https)
        serve = LISTENERS[self._settings.server.listener]
        listener = serve(
            front,
            self._clock,
            tls=tls,
            error_headers=fields,
            work_limits=self._work_limits(counts_refusals=section == "server"),
            descriptors=self._descriptor_limits(reserve),
            tasks=self._services.tasks,
        )
        await listener.start(sockets)
        self._listeners.append(listener)
        return int(sockets[0].getsockname()[1])

    def _work_limits(self, *, counts_refusals: bool) -> WorkLimits:
        limits, throttled = self._settings.limits, self._services.metrics.throttled
        return WorkLimits(
            per_turn=limits.work_per_turn,
            rate=limits.work_per_connection,
            burst=limits.work_per_connection * BURST_SECONDS,
            abuse_seconds=limits.abuse_seconds,
            close_code=CloseCode.TOO_OFTEN,
            on_refused=self._services.refusals.malformed if counts_refusals else ignore_refused,
            is_limited=self._services.refusals.is_limited if counts_refusals else nobody_is_limited,
            on_throttled=lambda outcome: throttled.labels(outcome).inc(),
        )

    def _descriptor_limits(self, reserve: int) -> DescriptorLimits:
        limit, shortages = descriptor_limit(), self._services.metrics.descriptor_shortages
        return DescriptorLimits(limit=limit, reserve=effective_reserve(limit, reserve), on_shortage=shortages.inc)

    async def _drain(self) -> None:
        """Report not ready, stop accepting, let requests finish and channels move, then close everything."""
        services, server = self._services, self._settings.server
        logger.info("hub.draining", requests=len(services.exchanges), channels=len(services.registry))
        services.draining = True
        public, admin = self._listeners
        await self._clock.sleep(server.drain_delay_seconds)
        public.stop()
        await self._finish_work(public, server.shutdown_timeout_seconds)
        await services.registry.close_all(CloseCode.UNAVAILABLE, "draining")
        await services.passages.close_all(CloseCode.UNAVAILABLE, "draining")
        admin.stop()
        for each in self._listeners:
            await each.close()
        logger.info("hub.stopped")

    async def _finish_work(self, public: HttpListener | TornadoListener, seconds: float) -> None:
        """Wait for requests to end and for channels to move to other nodes, but not for ever."""
        last_requests = partial(self._take_last_requests, public, min(LAST_REQUESTS_SECONDS, seconds / 3))
        services = self._services
        moved = asyncio.gather(services.registry.drain(seconds / 3), services.registry.wait_empty())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait([moved], timeout=seconds / 3)  # meanwhile responses announce the close
                await last_requests()
                await moved
                await last_requests()  # on connections whose response could not announce the close, or was not read until now
        except TimeoutError:
            moved.cancel()
            logger.info("hub.drain_timed_out", requests=len(services.exchanges), channels=len(services.registry))

    async def _take_last_requests(self, public: HttpListener | TornadoListener, seconds: float) -> None:
        """Close idle connections `seconds` from now, so that a request that is just arriving is not lost; finish all requests.

        A client that uses its connection meanwhile learns from the response that it closes.
        """
        if public.has_connections:
            await self._clock.sleep(seconds)
            public.close_idle()
        while work := {*self._services.exchanges, *self._services.executor.running_tasks}:
            await asyncio.wait(work)


async def _with_local_store(settings: Settings, closing: AsyncExitStack) -> Settings:
    """Return settings that name a Redis and session keys: those of this machine, where the operator named none.

    Raises:
        EmbeddedRedisError, StartupError, KeyringError: Redis cannot be started, or the keys can be neither read nor made.
    """
    if settings.redis.url:
        return settings
    data_dir = Path(settings.redis.data_dir)
    private = EmbeddedRedis(data_dir, settings.redis.max_memory_mib)
    await private.start()
    closing.push_async_callback(private.stop)
    session, folder = settings.session, KeySources.of(settings).folder
    if folder is not None and not session.key_files:
        try:
            provide_keys(folder, data_dir / "session.key", SystemClock().now())
        except OSError as error:
            raise StartupError(f"{folder}: the session key cannot be kept there ({error.strerror}).") from error
    session = dataclasses.replace(session, key_dir="" if folder is None else str(folder.absolute()))
    return dataclasses.replace(settings, redis=dataclasses.replace(settings.redis, url=private.url), session=session)


def spare_the_collector() -> None:
    """Let the garbage collector leave alone what lives as long as the process, and look less often.

    A full collection over all modules and connections takes some 20 ms, which every request under way has to wait for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    server = settings.server
    if not server.tls_certificate_file:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(server.tls_certificate_file, server.tls_key_file, password="")  # never ask the terminal
    except (ssl.SSLError, OSError) as error:
        raise StartupError(f"server.tls_certificate_file: certificate and key cannot be used ({error}).") from error
    return context


def _stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def _reload_signal() -> asyncio.Event:
    """Return an event that SIGHUP sets."""
    reload = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
    return reload


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Return uvloop's event loop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop
