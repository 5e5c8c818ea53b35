"""The requests of one channel that run: a task for each, from the message to the end of its answer."""

import asyncio
import functools
from typing import Protocol

import msgspec

from hub.channel.channel_session import UNKNOWN_REASON, ChannelSession
from hub.channel.connection import ChannelConnection
from hub.channel.exchange import ResponseSender, api_request
from hub.channel.interfaces import ChannelServices
from hub.channel.messages import NO_FACTS, AnswerFacts, RequestMessage, Timing
from hub.channel.requests import Started
from hub.channel.sending import Sender
from hub.channel.upload_body import UploadBody
from hub.errors import HubError, SessionEnded
from hub.gateway.messages import ApiResponse
from hub.idempotency.outcome import idempotency_key
from hub.telemetry import audit, log

logger = log.get(__name__)


class Channel(Protocol):
    """What a request needs of the channel that it came over.

    Attributes:
        takes_gzip: Whether the client opens compressed answers itself.
    """

    connection_id: str
    client_address: str
    takes_gzip: bool

    def go_on(self) -> None:
        """See what may be done now that a request has ended."""

    def watch(self) -> None:
        """See to it that the channel is looked after from now on: an answer streams, and may stall."""

    def end_session(self, reason: str) -> None:
        """Close the channel because the session has ended."""

    def audit_refusal(self, reason: str, message: RequestMessage) -> None:
        """Note that somebody asked for what they may not have."""


class Running:
    """The running requests of one channel, and the bodies that are being uploaded for them."""

    __slots__ = ("_channel", "_connection", "_hand", "_loop", "_relay", "_sender", "_services", "_tasks", "_uploads")

    def __init__(
        self, channel: Channel, services: ChannelServices, hand: ChannelSession, connection: ChannelConnection, sender: Sender
    ) -> None:
        self._channel = channel
        self._services = services
        self._hand = hand
        self._connection = connection
        self._sender = sender
        self._relay = ResponseSender(connection, sender, inline=services.settings.inline)
        self._loop = asyncio.get_running_loop()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._uploads: dict[int, UploadBody] = {}

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The tasks of all requests."""
        return list(self._tasks.values())

    def start(self, started: Started) -> None:
        """Begin to work for a request."""
        message = started.message
        if isinstance(message.stream, int):
            self._uploads[message.id] = UploadBody(functools.partial(self._on_taken, message.id))
        self._tasks[message.id] = self._loop.create_task(self._serve(started))

    def feed(self, request_id: int, data: bytes, *, end: bool) -> None:
        """Hand on a part of an upload; `end` marks the last one."""
        self._uploads[request_id].feed(data, end=end)

    def stop(self, request_id: int) -> None:
        """Stop the work for a request, if there is any."""
        if task := self._tasks.get(request_id):
            task.cancel()

    def stop_all(self) -> None:
        """Stop the work for all requests."""
        for task in self._tasks.values():
            task.cancel()

    def _on_taken(self, request_id: int, size: int) -> None:
        self._connection.body_taken(request_id, size)
        self._sender.schedule()

    async def _serve(self, started: Started) -> None:
        """Bring one request to its end. The outer loop of a channel request: no exception leaves it."""
        message = started.message
        try:
            await self._respond(started)
        except SessionEnded as ended:
            self._channel.end_session(str(ended.extensions.get("reason", UNKNOWN_REASON)))
        except HubError as error:
            if audit.is_refusal(error):
                self._channel.audit_refusal(error.slug, message)
            self._connection.fail(message.id, error)
        except Exception as error:
            connection = self._channel.connection_id
            logger.exception("channel.request_failed", connection=connection, path=message.path.partition("?")[0])
            self._connection.fail(message.id, _defect(error))
        finally:
            self._forget(message.id)
            self._channel.go_on()

    def _forget(self, request_id: int) -> None:
        self._tasks.pop(request_id, None)
        if self._uploads and (upload := self._uploads.pop(request_id, None)):
            upload.abandon()

    async def _respond(self, started: Started) -> None:
        message, began = started.message, self._services.clock.monotonic()
        response = await self._response(started, max(started.deadline - began, 0.001))
        facts = self._facts(started, response, began)
        if self._relay.send_whole(message, response, facts):
            return
        self._channel.watch()
        try:
            await self._relay.send(message, response, facts)
        finally:
            await response.close()

    async def _response(self, started: Started, timeout_seconds: float) -> ApiResponse:
        """Return the response of the API, to this request or to the earlier one with its idempotency key."""
        message, dispatch, address = started.message, self._services.dispatch, self._channel.client_address
        key = message.key if isinstance(message.key, str) else None
        if started.joins and key is not None:
            session = await self._hand.admit(None, address, passive=message.passive)
            return await dispatch.join(session, key, timeout_seconds)
        request = api_request(
            message,
            self._uploads.get(message.id),
            gzip=self._channel.takes_gzip,
            timeout_seconds=timeout_seconds,
            client_address=address,
        )
        place = dispatch.locate(request.path, transport="channel")
        session = await self._hand.admit(place.route, address, passive=message.passive)
        if key is None and place.route.idempotency_header == "hub":
            key = idempotency_key(place.route, {name.lower(): value for name, value in request.headers})
        return await dispatch.respond(request, place, session, transport="channel", key=key)

    def _facts(self, started: Started, response: ApiResponse, began: float) -> AnswerFacts:
        if not response.replayed and not self._connection.tells_timing:
            return NO_FACTS
        timing = Timing(_ms(started.queued_seconds), _ms(self._services.clock.monotonic() - began))
        return AnswerFacts(timing, response.replayed or msgspec.UNSET)


def _ms(seconds: float) -> float:
    return round(seconds * 10_000) / 10  # to a tenth: five times as fast as `round` with digits


def _defect(error: Exception) -> HubError:
    """Return how a request fails that met a defect of the hub."""
    failure = HubError()
    failure.processed = "maybe"
    failure.__cause__ = error
    return failure
