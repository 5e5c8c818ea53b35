"""The life of a hub: settings -> private Redis if none is named -> services -> listen -> signals -> drain -> close."""

import argparse
import asyncio
import dataclasses
import gc
import signal
import ssl
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import tornado.httpserver
import tornado.netutil
import tornado.web

from hub import __version__, log
from hub.application import build_admin_application, build_application
from hub.channel.close_codes import CloseCode
from hub.clock import SystemClock
from hub.embedded_redis import EmbeddedRedis, EmbeddedRedisError
from hub.services import Services
from hub.session.keyring import Keyring, KeyringError, make_key_file
from hub.settings import Settings, SettingsError
from hub.settings_reader import load
from hub.supervisor import Supervisor, WorkersFailed

DEFAULT_CONFIG = Path("conf/hub.toml")
EXIT_FAILED = 1
EXIT_SETTINGS = 2
OWN_BODY_BYTES = 64 * 1024  # what the hub's own endpoints take; each route sets its own limit
MAX_HEADER_BYTES = 32 * 1024
IDLE_CONNECTION_SECONDS = 120.0

logger = log.get(__name__)


class StartupError(Exception):
    """The hub cannot start; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the hub until it is told to stop; return the exit code: 0 stopped, 1 cannot run, 2 the settings are wrong."""
    options = _parse(arguments)
    if options.make_key:
        return _make_key(options.make_key)
    try:
        settings = load(options.config)
        log.configure(settings.log.level, settings.log.format, audit_file=settings.log.audit_file)
        run(settings, options.config, is_worker=options.worker)
    except SettingsError as error:
        return _say(EXIT_SETTINGS, "The settings cannot be used:", *error.mistakes)
    except (StartupError, EmbeddedRedisError, KeyringError, WorkersFailed) as error:
        return _say(EXIT_FAILED, "The hub cannot run:", str(error))
    return 0


def run(settings: Settings, config: Path | None = None, *, is_worker: bool = False) -> None:
    """Run the hub in this process, or its workers in processes of their own.

    Parameters:
        config: The settings file, which workers read again.
        is_worker: True in a worker that a supervisor has started.

    Raises:
        SettingsError: A setting turns out to be wrong when it is used.
        StartupError, EmbeddedRedisError, KeyringError, WorkersFailed: It cannot start, or cannot go on.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_run(settings, config, is_worker=is_worker))


async def _run(settings: Settings, config: Path | None, *, is_worker: bool) -> None:
    stop = _stop_signal()
    async with AsyncExitStack() as closing:
        settings = await _with_local_store(settings, closing)
        if settings.server.processes > 1 and not is_worker:
            await Supervisor(settings, config).run(stop)
        else:
            await Worker(settings).run(stop)


class Worker:
    """One process that serves requests."""

    def __init__(self, settings: Settings) -> None:
        keyring = Keyring.read([Path(name) for name in settings.session.key_files])
        self._settings = settings
        self._services = Services(settings, keyring, settings.redis.url, SystemClock())
        self._servers: list[tornado.httpserver.HTTPServer] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then finish what is under way.

        Raises:
            StartupError, SettingsError: An address or a certificate cannot be used.
        """
        try:
            await self._services.start()
            self._listen()
            spare_the_collector()
            await stop.wait()
            await self._drain()
        finally:
            await self._services.close()

    def _listen(self) -> None:
        server, admin = self._settings.server, self._settings.admin
        public = self._server(build_application(self._services), "server", server.host, server.port, _tls(self._settings))
        inner = self._server(build_admin_application(self._services), "admin", admin.host, admin.port, None)
        logger.info("hub.listening", url=server.public_url, port=public, admin_port=inner, version=__version__)

    def _server(
        self, application: tornado.web.Application, section: str, host: str, port: int, tls: ssl.SSLContext | None
    ) -> int:
        """Start one listener and return its port."""
        try:
            sockets = tornado.netutil.bind_sockets(port, host, reuse_port=self._settings.server.processes > 1)
        except OSError as error:
            raise StartupError(f"{section}.port: cannot listen on {host}:{port} ({error.strerror}).") from error
        server = tornado.httpserver.HTTPServer(
            application,
            ssl_options=tls,
            max_header_size=MAX_HEADER_BYTES,
            max_body_size=OWN_BODY_BYTES,
            idle_connection_timeout=IDLE_CONNECTION_SECONDS,
        )
        server.add_sockets(sockets)
        self._servers.append(server)
        return int(sockets[0].getsockname()[1])

    async def _drain(self) -> None:
        """Take no more connections, let the requests under way finish, then close what is left."""
        logger.info("hub.draining", requests=len(self._services.exchanges))
        self._services.draining = True
        public, admin = self._servers
        public.stop()
        if self._services.exchanges:
            await asyncio.wait(self._services.exchanges, timeout=self._settings.server.shutdown_timeout_seconds)
        await self._services.registry.close_all(CloseCode.UNAVAILABLE, "draining")
        admin.stop()
        for server in self._servers:
            await server.close_all_connections()
        logger.info("hub.stopped")


async def _with_local_store(settings: Settings, closing: AsyncExitStack) -> Settings:
    """Return settings that name a Redis and a session key: those of this machine, where the operator named none."""
    if settings.redis.url:
        return settings
    redis = EmbeddedRedis(Path(settings.redis.data_dir))
    await redis.start()
    closing.push_async_callback(redis.stop)
    session = settings.session
    if not session.key_files:
        key_file = Path(settings.redis.data_dir) / "session.key"
        if not key_file.exists():
            make_key_file(key_file)
        session = dataclasses.replace(session, key_files=[str(key_file.absolute())])
    return dataclasses.replace(settings, redis=dataclasses.replace(settings.redis, url=redis.url), session=session)


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


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Return uvloop's event loop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hub", description="Keeps OAuth 2.0 tokens on the web server.")
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="settings file (default: %(default)s)")
    parser.add_argument("--make-key", type=Path, metavar="FILE", help="write a new session key to FILE and end")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _make_key(file: Path) -> int:
    try:
        make_key_file(file)
    except OSError as error:
        return _say(EXIT_FAILED, f"{file}: cannot be written ({error.strerror}).")
    return 0


def _say(code: int, headline: str, *lines: str) -> int:
    sys.stderr.write("\n  ".join([headline, *lines]) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
