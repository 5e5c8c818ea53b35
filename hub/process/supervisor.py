"""Starts several worker processes on one port (SO_REUSEPORT), restarts those that die, and stops all of them together."""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from hub.config.settings import Settings
from hub.primitives.tasks import OwnedTasks, first_of
from hub.telemetry import log

HOME = Path(__file__).resolve().parents[2]  # of the running hub; the working directory may contain another version
READY = b"ready\n"  # the line that a worker writes to its standard output as soon as it serves
RESTART_SECONDS = 1.0
KILL_SECONDS = 5.0  # a worker that has not ended so long after its drain delay and shutdown timeout is killed

logger = log.get(__name__)


class WorkersFailed(Exception):
    """Workers end before they serve. Their own messages say why."""


class Supervisor:
    """Starts, restarts and stops the worker processes."""

    def __init__(self, settings: Settings, config: Path | None) -> None:
        self._settings = settings
        self._command = [sys.executable, "-P", "-m", "hub", "--worker", *(["--config", str(config)] if config else [])]
        self._failed = asyncio.Event()
        self._workers: set[asyncio.subprocess.Process] = set()
        self._serving: set[asyncio.subprocess.Process] = set()  # those of them that are ready

    async def run(self, stop: asyncio.Event, reload: asyncio.Event) -> None:
        """Run the workers until `stop` is set, then stop them and wait. Forward each `reload` to all of them.

        Raises:
            WorkersFailed: A worker cannot be started.
        """
        metrics_dir = tempfile.mkdtemp(prefix="hub-metrics-")
        environment = self._environment(metrics_dir)
        keepers = OwnedTasks("worker processes", self._crashed)
        for number in range(self._settings.server.processes):
            keepers.start(self._keep(number, environment))
        keepers.start(self._pass_on(reload))
        try:
            await first_of(stop.wait(), self._failed.wait())
        finally:
            keepers.cancel()  # once: each ends its process in order, which a second cancellation would break off
            await keepers.finish()
            shutil.rmtree(metrics_dir, ignore_errors=True)
        if self._failed.is_set():
            raise WorkersFailed("The workers cannot be kept running. The log above says why.")

    def _environment(self, metrics_dir: str) -> dict[str, str]:
        """Return the environment of a worker: the code of this hub, and the Redis and keys in use."""
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HOME), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "HUB_REDIS_URL": self._settings.redis.url,
            "HUB_SESSION_KEY_DIR": self._settings.session.key_dir,
            "PROMETHEUS_MULTIPROC_DIR": metrics_dir,
        }

    async def _keep(self, number: int, environment: dict[str, str]) -> None:
        """Run worker `number`, and restart it when it ends, until canceled. Then stop it."""
        while True:
            process = await asyncio.create_subprocess_exec(
                *self._command, env=environment, stdout=asyncio.subprocess.PIPE, preexec_fn=_end_with_parent
            )
            logger.info("worker.started", worker=number, pid=process.pid)
            self._workers.add(process)
            try:
                was_ready = await self._watch(process)
                code = await process.wait()
            except asyncio.CancelledError:
                await self._end(process)
                raise
            finally:
                self._workers.discard(process)
                self._serving.discard(process)
            # Its counters remain valid; its gauges, such as open channels, do not.
            mark_process_dead(process.pid, environment["PROMETHEUS_MULTIPROC_DIR"])  # type: ignore[no-untyped-call]
            logger.error("worker.exited", worker=number, pid=process.pid, exit_status=code)
            # As long as a worker serves, a settings file that was broken later must not stop the hub.
            if not was_ready and code > 0 and not self._serving:
                self._failed.set()
                return
            await asyncio.sleep(RESTART_SECONDS)

    def _crashed(self, error: BaseException) -> None:
        """End all workers, because one can no longer be started or watched. The service manager restarts the hub."""
        logger.critical("worker.supervision_failed", exc_info=error)
        self._failed.set()

    async def _watch(self, process: asyncio.subprocess.Process) -> bool:
        """Read what a worker prints until it ends. Return whether it was ready; from then on it counts as serving."""
        while process.stdout is not None and (line := await process.stdout.readline()):
            if line == READY:
                self._serving.add(process)
        return process in self._serving

    async def _pass_on(self, reload: asyncio.Event) -> None:
        while True:
            await reload.wait()
            reload.clear()
            for process in self._workers:
                if process.returncode is None:
                    process.send_signal(signal.SIGHUP)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Stop a worker. Kill it if it does not finish its requests in time."""
        server = self._settings.server
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(server.drain_delay_seconds + server.shutdown_timeout_seconds + KILL_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def announce_ready() -> None:
    """Tell the supervisor of this worker that it serves."""
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
