"""One question, asked by whoever comes first; those who come meanwhile wait for the same answer. Makes no task."""

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Generic, TypeVar

from hub.errors import HubError

Answer = TypeVar("Answer")


class Abandoned(Exception):
    """Whoever asked was cancelled before the answer came: ask yourself."""


class SharedAnswer(Generic[Answer]):
    """The answer to one question."""

    def __init__(self) -> None:
        self._places: list[asyncio.Future[Answer]] = []

    async def shared(self, question: Awaitable[Answer]) -> Answer:
        """Return the answer, and give it to all who wait: to them, too, if it is a `HubError`."""
        failure: Exception = Abandoned()
        try:
            answer = await question
            for place in self._open():
                place.set_result(answer)
            return answer
        except HubError as error:
            failure = error
            raise
        finally:
            for place in self._open():
                place.set_exception(failure)

    async def wait(self) -> Answer:
        """Return the answer when it is there. Whoever waits may be cancelled; that concerns nobody else.

        Raises:
            Abandoned: There will be none.
            HubError: What the question raised.
        """
        place: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._places.append(place)
        return await place

    def _open(self) -> Iterator[asyncio.Future[Answer]]:
        return (place for place in self._places if not place.done())
