"""What the handlers of the REST application share: the caller, errors, the journal, and noticing that a client left."""

import asyncio
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urljoin

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from iris_standin.authority import Authority
from iris_standin.clinic import bearer
from iris_standin.clinic.errors import CspError, rendered
from iris_standin.clinic.news import News
from iris_standin.clinic.records import RecordChanged, RecordMissing, Records
from iris_standin.journal import Entry, Journal

REASONS = {404: "UnknownResource", 405: "MethodNotAllowed"}


@dataclass(frozen=True, slots=True)
class Clinic:
    """What the handlers work with.

    Attributes:
        path: Where the application is; without a slash at its end.
        authenticate: Finds the caller by the header `Authorization` and the query parameter `access_token`, or raises CspError.
        news: Hears of changes.
    """

    authority: Authority
    journal: Journal
    records: Records
    path: str
    authenticate: Callable[[str, str], bearer.Caller]
    news: News = field(default_factory=News)

    @property
    def url(self) -> str:
        """The absolute base URL, known once the server listens."""
        return urljoin(self.authority.issuer, self.path)


class ClinicHandler(RequestHandler):
    """Base of the handlers of `/csp/clinic`; each request needs a valid Bearer token."""

    needs_token = True
    caller: bearer.Caller
    entry: Entry

    def initialize(self, clinic: Clinic) -> None:
        """Take the services (called by Tornado)."""
        self.clinic = clinic
        self.client_left = asyncio.Event()

    def prepare(self) -> None:
        """Note the request and find out who calls."""
        clinic, request = self.clinic, self.request
        self.entry = clinic.journal.open("clinic", request.method or "", request.path, clinic.authority.now())
        if self.needs_token:
            header = request.headers.get("Authorization", "")
            self.caller = clinic.authenticate(header, self.get_query_argument("access_token", ""))
            self.entry.subject = self.caller.subject

    def on_finish(self) -> None:
        """Note the answer."""
        self.clinic.journal.close(self.entry, "answered", self.get_status())

    def on_connection_close(self) -> None:
        """Note that the client left before the answer was complete."""
        self.client_left.set()
        self.clinic.journal.close(self.entry, "aborted")
        super().on_connection_close()

    def compute_etag(self) -> str | None:
        """Send no ETag but that of a record."""
        return None

    async def pause(self, seconds: float) -> None:
        """Wait for `seconds`, or until the client leaves."""
        try:
            async with asyncio.timeout(seconds):
                await self.client_left.wait()
        except TimeoutError:
            return

    async def stream(self, pieces: AsyncIterable[bytes]) -> None:
        """Write pieces as the client takes them: none is made before the one before it has left. Ends if the client does."""
        try:
            async for piece in pieces:
                if self.client_left.is_set():
                    return
                self.write(piece)
                await self.flush()
        except StreamClosedError:
            return

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """Return a query parameter as a number within bounds.

        Raises:
            CspError: 400: it is none, or out of bounds.
        """
        text = self.get_query_argument(name, "")
        try:
            value = float(text) if text else default
        except ValueError as error:
            raise CspError(400, "InvalidParameter", f"{name} must be a number") from error
        if not least <= value <= most:
            raise CspError(400, "InvalidParameter", f"{name} must be between {least:g} and {most:g}")
        return value

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        """Log what is unexpected; an error status is an answer."""
        if _answer_to(value) is None:
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error in the form of %CSP.REST."""
        error = _answer_to(kwargs.get("exc_info", (None, None, None))[1])
        error = error or CspError(status_code, REASONS.get(status_code, "InternalError"))
        self.set_status(error.status)
        content_type, body = rendered(error, self.request.headers.get("Accept", ""))
        self.set_header("Content-Type", content_type)
        if error.challenge:
            self.set_header("WWW-Authenticate", error.challenge)
        self.finish(body)


def _answer_to(error: BaseException | None) -> CspError | None:
    match error:
        case CspError():
            return error
        case RecordMissing():
            return CspError(404, "PatientNotFound", str(error))
        case RecordChanged():
            return CspError(412, "PatientChanged", str(error))
        case HTTPError():
            return CspError(error.status_code, REASONS.get(error.status_code, "BadRequest"))
        case _:
            return None
