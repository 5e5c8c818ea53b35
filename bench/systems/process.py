"""Programs in processes of their own, with their output in a file; each ends with the benchmark."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.systems.base import StartError
from tests.parties.hub import PROJECT

START_SECONDS = 120.0  # on a machine that is busy with other things too
POLL_SECONDS = 0.05


@asynccontextmanager
async def running(
    command: Sequence[str | Path], log: Path, *, port: int, settings: str = "", environment: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a command until the end of the block; wait until it listens on `port` of the loopback interface.

    Parameters:
        settings: One line that it reads from standard input. That stays open: its end is the end of the benchmark.

    Raises:
        StartError: It does not listen; the end of its output is in the message.
    """
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=output, stderr=output, env=environment
        )
    assert process.stdin is not None
    try:
        process.stdin.write(f"{settings}\n".encode())
        await _listening(process, port, log)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


@asynccontextmanager
async def module(name: str, *arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run a module of the benchmark until the end of the block; give the process and the first line that it prints.

    It ends when its standard input does.

    Raises:
        StartError: It ends without printing anything.
        TimeoutError: It neither prints nor ends.
    """
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", name, *arguments), cwd=PROJECT, stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        if not line:
            raise StartError(f"{name} does not start")
        yield process, line.decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


def find_program(name: str) -> str | None:
    """Return where a program of the system is, looking beyond the PATH of ordinary users too; None if it is not installed."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that still run."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


async def _listening(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(POLL_SECONDS)  # a real process is starting: nothing announces it but its port
                else:
                    writer.close()
                    return
    except TimeoutError:
        pass
    raise StartError(f"{log.stem} does not start: {_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]
