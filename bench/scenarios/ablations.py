"""B16: what single decisions of the channel are worth, each measured for itself: CPU time of one operation, in this process.

The upstream client has a comparison of its own, `python -m bench.upstream_clients`.
"""

import asyncio
import socket
import struct
import time
import uuid
from collections.abc import Awaitable, Callable
from statistics import median

import msgspec

from bench.bodies import KB, make_body
from bench.scenarios.outcome import Outcome
from bench.scenarios.setting import Setting

ROUNDS = 5
OPERATIONS = 20_000
ANSWERS = 30  # that are ready at the same moment
HEADERS = {"content-type": "application/json", "etag": '"5f3-abc"'}

Repeat = Callable[[int], Awaitable[None]]  # does an operation so many times


async def ablations(setting: Setting) -> list[Outcome]:
    """Return the CPU time of each way, and that of what was not chosen as a multiple of it."""
    share = min(1.0, setting.seconds / 3.0)
    compared: dict[str, tuple[str, Repeat, str, Repeat]] = {}
    for size, name in ((KB, "1 KB"), (16 * KB, "16 KB")):
        body = make_body(size)
        compared[f"JSON body of {name}"] = ("checked and spliced", _splice(body), "parsed and dumped", _parse_and_dump(body))
    compared["header of a body frame"] = ("8 bytes, binary", _short_header, "48 bytes, text", _long_header)
    compared[f"{ANSWERS} answers of 1 KB, each"] = ("one write", _sends(is_joined=True), "a write each", _sends(is_joined=False))
    rows = []
    for what, (chosen, repeat_chosen, other, repeat_other) in compared.items():
        count = max(100, round(OPERATIONS * share))
        ours, theirs = await _compare(repeat_chosen, repeat_other, count)
        rows.append([what, f"{chosen}: {ours:.2f}", f"{other}: {theirs:.2f}", f"{theirs / ours:.1f}"])
    return [Outcome("b16", "decisions, each for itself", ("what", "chosen, us", "instead, us", "x"), rows)]


async def _compare(one: Repeat, other: Repeat, count: int) -> tuple[float, float]:
    """Return the microseconds of an operation each way; they take turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for found, repeat in zip(times, (one, other), strict=True):
            began = time.process_time()
            await repeat(count)
            found.append((time.process_time() - began) / count * 1e6)
    return median(times[0]), median(times[1])


def _splice(body: bytes) -> Repeat:
    check = msgspec.json.Decoder(msgspec.Raw)

    async def repeat(count: int) -> None:
        for number in range(count):
            check.decode(body)
            msgspec.json.encode({"type": "response", "id": number, "status": 200, "headers": HEADERS, "body": msgspec.Raw(body)})

    return repeat


def _parse_and_dump(body: bytes) -> Repeat:
    decoder = msgspec.json.Decoder()

    async def repeat(count: int) -> None:
        for number in range(count):
            body_ = decoder.decode(body)
            msgspec.json.encode({"type": "response", "id": number, "status": 200, "headers": HEADERS, "body": body_})

    return repeat


async def _short_header(count: int) -> None:
    for number in range(count):
        struct.pack("!BBHI", 1, 0, 0, number)


async def _long_header(count: int) -> None:
    name = str(uuid.UUID(int=7))
    for number in range(count):
        f"S.{number % 999999:06}.{name}.1\n".encode("ascii")


def _sends(*, is_joined: bool) -> Repeat:
    """Return what hands answers that are ready at the same moment to a socket: in one write, or in one for each."""
    frames = [struct.pack("!BBH", 0x81, 126, KB) + make_body(KB)] * ANSWERS

    async def repeat(count: int) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            for one in (ours, theirs):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            for _ in range(count // ANSWERS):
                if is_joined:
                    ours.sendall(b"".join(frames))
                else:
                    for frame in frames:
                        ours.sendall(frame)
                _drain(theirs, sum(map(len, frames)))
        await asyncio.sleep(0)

    return repeat


def _drain(receiver: socket.socket, size: int) -> None:
    while size > 0:
        size -= len(receiver.recv(1 << 20))
