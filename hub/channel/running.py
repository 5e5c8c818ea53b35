"""The running requests of one channel: one task for each, from the message to the end of its response."""

import asyncio
import functools
from collections.abc import Mapping
from typing import Protocol

import msgspec

from hub.channel.channel_session import UNKNOWN_REASON, ChannelSession
from hub.channel.connection import ChannelConnection
from hub.channel.exchange import ResponseSender, api_request
from hub.channel.interfaces import ChannelServices
from hub.channel.messages import NO_FACTS, RequestMessage, ResponseFacts, Timing
from hub.channel.requests import Started
from hub.channel.sending import Sender
from hub.channel.upload_body import UploadBody
from hub.errors import HubError, SessionEnded
from hub.gateway.messages import ApiResponse
from hub.gateway.upload_pace import UploadPace
from hub.idempotency.outcome import idempotency_key, key_headers
from hub.primitives.tasks import task_starter
from hub.telemetry import audit, log

logger = log.get(__name__)


class Channel(Protocol):
    """The channel of a request. A callback upward: the driver, which implements it, imports this module.

    Attributes:
        browser_headers: Headers that the browser would add to each request, by name in lower case.
    """

    connection_id: str
    client_address: str
    browser_headers: Mapping[str, str]

    def advance(self) -> None:
        """Continue after a request has ended: start waiting requests and send the outbox."""

    def check_every_second(self) -> None:
        """Request a check at the next second, because a response streams and may stall."""

    def end_session(self, reason: str) -> None:
        """Close the channel because the session has ended."""

    def audit_refusal(self, reason: str, message: RequestMessage) -> None:
        """Record in the audit log that the hub refused `message`."""


class RunningRequests:
    """The running requests of one channel, with their tasks and uploads."""

    __slots__ = (
        "_channel",
        "_channel_session",
        "_connection",
        "_responses",
        "_sender",
        "_services",
        "_start_task",
        "_tasks",
        "_uploads",
    )

    def __init__(
        self,
        channel: Channel,
        services: ChannelServices,
        channel_session: ChannelSession,
        connection: ChannelConnection,
        sender: Sender,
    ) -> None:
        self._channel = channel
        self._services = services
        self._channel_session = channel_session
        self._connection = connection
        self._sender = sender
        self._responses = ResponseSender(connection, sender, inline=services.settings.inline)
        self._start_task = task_starter()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._uploads: dict[int, UploadBody] = {}

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The tasks of all requests."""
        return list(self._tasks.values())

    def start(self, started: Started) -> None:
        """Start the task of a request."""
        message = started.message
        if isinstance(message.stream, int):
            may_send = functools.partial(self._connection.may_upload, message.id)
            pace = UploadPace(self._services.uploads, self._services.clock, may_send)
            self._uploads[message.id] = UploadBody(functools.partial(self._on_accepted, message.id), pace)
        self._tasks[message.id] = self._start_task(self._serve(started))

    def feed(self, request_id: int, data: bytes, *, end: bool) -> None:
        """Add a segment to an upload; `end` marks the last one."""
        self._uploads[request_id].feed(data, end=end)

    def stop(self, request_id: int) -> None:
        """Cancel the task of a request, if it has one."""
        if task := self._tasks.get(request_id):
            task.cancel()

    def stop_all(self) -> None:
        """Cancel the tasks of all requests."""
        for task in self._tasks.values():
            task.cancel()

    def _on_accepted(self, request_id: int, size: int) -> None:
        self._connection.body_accepted(request_id, size)
        self._sender.schedule()

    async def _serve(self, started: Started) -> None:
        """Serve one request. This is the outermost function of its task: no exception leaves it."""
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
            logger.exception("channel.request_crashed", connection=connection, path=message.path.partition("?")[0])
            self._connection.fail(message.id, _defect(error))
        finally:
            self._forget(message.id)
            self._channel.advance()

    def _forget(self, request_id: int) -> None:
        self._tasks.pop(request_id, None)
        if self._uploads and (upload := self._uploads.pop(request_id, None)):
            upload.abandon()

    async def _respond(self, started: Started) -> None:
        message, began = started.message, self._services.clock.monotonic()
        response = await self._response(started, max(started.deadline - began, 0.001))
        facts = self._facts(started, response, began)
        if self._responses.send_whole(message, response, facts):
            return
        self._channel.check_every_second()
        try:
            await self._responses.send(message, response, facts)
        finally:
            await response.close()

    async def _response(self, started: Started, timeout_seconds: float) -> ApiResponse:
        """Return the response of the API to this request, or to the earlier request with its idempotency key."""
        message, dispatch, address = started.message, self._services.dispatch, self._channel.client_address
        key = message.key if isinstance(message.key, str) else None
        if started.joins and key is not None:
            with dispatch.counting["channel"]:
                session = await self._channel_session.admit(None, address, passive=message.passive)
            return await dispatch.join(session, key, timeout_seconds)
        request = api_request(
            message,
            self._uploads.get(message.id),
            browser=self._channel.browser_headers,
            gzip=self._connection.takes_gzip,
            timeout_seconds=timeout_seconds,
            client_address=address,
        )
        with dispatch.counting["channel"]:
            place = dispatch.locate(request.path)
            session = await self._channel_session.admit(place.route, address, passive=message.passive)
            if key is None and (named := key_headers(request.headers)):
                key = idempotency_key(place.route, named)
        return await dispatch.respond(request, place, session, transport="channel", key=key)

    def _facts(self, started: Started, response: ApiResponse, began: float) -> ResponseFacts:
        if not response.replayed and not self._connection.tells_timing:
            return NO_FACTS
        timing = Timing(_ms(started.queued_seconds), _ms(self._services.clock.monotonic() - began))
        return ResponseFacts(timing, response.replayed or msgspec.UNSET)


def _ms(seconds: float) -> float:
    return round(seconds * 10_000) / 10  # to a tenth; five times as fast as `round` with digits


def _defect(error: Exception) -> HubError:
    """Return the error of a request that failed because of a defect of the hub."""
    failure = HubError()
    failure.processed = "maybe"
    failure.__cause__ = error
    return failure
