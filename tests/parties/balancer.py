"""A load balancer for TCP, as plain as they come: a living node for each connection, and cables that can be pulled."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self


@dataclass(eq=False)
class Balancer:
    """Spreads connections over nodes in turn; if one refuses, the next is tried.

    Attributes:
        ports: The nodes. May change at any time.
        refused: Connections that no node took.
    """

    ports: list[int]
    refused: int = 0
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _turn: int = 0

    @classmethod
    @asynccontextmanager
    async def start(cls, port: int, ports: list[int]) -> AsyncIterator[Self]:
        """Listen on `port` until the end of the block."""
        balancer = cls(ports)
        server = await asyncio.start_server(balancer._serve, "127.0.0.1", port)
        try:
            yield balancer
        finally:
            server.close()
            balancer.cut(len(balancer._connections))
            for task in list(balancer._tasks):
                task.cancel()
            await asyncio.gather(*balancer._tasks, return_exceptions=True)

    def __len__(self) -> int:
        return len(self._connections)

    def cut(self, count: int, chance: random.Random | None = None) -> None:
        """Pull the cables of so many connections: nobody is told, what was on its way is lost."""
        connections = list(self._connections)
        for writer in (chance or random).sample(connections, min(count, len(connections))):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            node = await self._node()
            if node is None:
                self.refused += 1
                return
            self._connections.add(writer)
            await self._hand_on(reader, writer, *node)
        finally:
            self._connections.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _node(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in range(len(self.ports)):
            self._turn += 1
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.ports[self._turn % len(self.ports)])
        return None

    async def _hand_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        node_reader: asyncio.StreamReader,
        node_writer: asyncio.StreamWriter,
    ) -> None:
        ways = {asyncio.create_task(_pump(reader, node_writer)), asyncio.create_task(_pump(node_reader, writer))}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if not writer.transport.is_closing():
                with contextlib.suppress(OSError):
                    await asyncio.wait_for(writer.drain(), 1.0)
        finally:
            for way in ways:
                way.cancel()
            node_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
