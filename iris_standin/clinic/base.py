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
from iris_standin.csp import SERVER_COOKIE, CspGateway, CspSession, LicensesExhausted, Reserved
from iris_standin.journal import Entry, Journal
from iris_standin.proof import Message, ProofRefused, Proofs
from iris_standin.shouted import ShoutedHeaders

REASONS = {404: "UnknownResource", 405: "MethodNotAllowed"}


@dataclass(frozen=True, slots=True)
class Clinic:
    """What the handlers work with.

    Attributes:
        path: Where the application is; without a slash at its end.
        authenticate: Finds the caller by the header `Authorization` and the query parameter `access_token`, or raises CspError.
        news: Hears of changes.
        letters: The last short text that each user has uploaded: its content type and its bytes, by subject.
        gateway: Opens CSP sessions, and counts licence units.
        proofs: Checks what each request proves, if that is demanded.
    """

    authority: Authority
    journal: Journal
    records: Records
    path: str
    authenticate: Callable[[str, str], bearer.Caller]
    news: News = field(default_factory=News)
    letters: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    gateway: CspGateway = field(kw_only=True)
    proofs: Proofs = field(kw_only=True)

    @property
    def url(self) -> str:
        """The absolute base URL, known once the server listens."""
        return urljoin(self.authority.issuer, self.path)


class ClinicHandler(RequestHandler):
    """Base of the handlers of `/csp/clinic`; each request needs a valid Bearer token."""

    needs_token = True
    runs_in_turn = True
    caller: bearer.Caller
    entry: Entry
    session: CspSession | None = None
    _in_turn = False

    def initialize(self, clinic: Clinic) -> None:
        """Take the services (called by Tornado)."""
        self.clinic = clinic
        self.client_left = asyncio.Event()

    def set_default_headers(self) -> None:
        """Write the names of fields in capitals, and allow an origin, if that is asked for."""
        clinic: Clinic | None = getattr(self, "clinic", None)  # Tornado calls this before `initialize`, too
        if clinic is None:
            return
        options = clinic.authority.options
        if options.upper_case_headers:
            self._headers = ShoutedHeaders(self._headers)
        if options.cors_origin:
            self.set_header("Access-Control-Allow-Origin", options.cors_origin)
            self.set_header("Access-Control-Allow-Credentials", "true")

    async def prepare(self) -> None:
        """Note the request, do what the gateway does before any application, find out who calls, and wait for its turn."""
        clinic, request = self.clinic, self.request
        self.set_default_headers()
        self.entry = clinic.journal.open("clinic", request.method or "", request.path, clinic.authority.now())
        reserved = Reserved.of(request.query)
        known = clinic.gateway.find(reserved.session_id or self.get_cookie(self.session_cookie, "") or "")
        if reserved.ends_session:
            self._end(known)
            return
        if known is None and self.get_cookie(self.session_cookie) and clinic.authority.options.stale_cookie_refused:
            raise CspError(401, "")
        self._authenticate(reserved, known)
        self._check_proof()
        self.session = known or clinic.gateway.open(self.entry.subject)
        self.session.logged_in = self.session.logged_in or reserved.username
        if known is None and clinic.authority.options.use_session:
            self._name_session(self.session)
        if self.runs_in_turn and clinic.authority.options.use_session:
            await self.session.turn.acquire()
            self._in_turn = True
        clinic.gateway.touch(self.session)

    @property
    def session_cookie(self) -> str:
        """The name of the cookie: port and path of the application stand in it."""
        port = self.clinic.url.partition("://")[2].partition("/")[0].rpartition(":")[2]
        return f"CSPSESSIONID-SP-{port}-UP-{self.clinic.path.strip('/').replace('/', '-')}-"

    def _end(self, session: CspSession | None) -> None:
        """Answer `IRISLogout=end`, which needs no token."""
        if session is not None:
            self.clinic.gateway.end(session)
        self.finish()

    def _authenticate(self, reserved: Reserved, session: CspSession | None) -> None:
        clinic = self.clinic
        if reserved.username:
            user = clinic.authority.authenticate_user(reserved.username, reserved.password)
            if user is None:
                raise CspError(401, "AccessDenied")
            self.caller = bearer.Caller(user.username, "")
        elif session is not None and session.logged_in:
            self.caller = bearer.Caller(session.logged_in, "")
        elif self.needs_token:
            header = self.request.headers.get("Authorization", "")
            self.caller = clinic.authenticate(header, self.get_query_argument("access_token", ""))
        else:
            return
        self.entry.subject = self.caller.subject

    def _check_proof(self) -> None:
        options = self.clinic.authority.options
        if options.proof == "none" or not self.needs_token:
            return
        request = self.request
        message = Message(
            method=request.method or "",
            authority=request.host,
            path=request.path,
            query=request.query,
            header=lambda name: request.headers.get(name, ""),
            body=request.body,
        )
        now = self.clinic.authority.now()
        try:
            self.clinic.proofs.verify(message, options.proof, options.proof_key, now, options.proof_version)
        except ProofRefused as error:
            raise CspError(401, "ProofRefused", str(error)) from error

    def _name_session(self, session: CspSession) -> None:
        path = f"{self.clinic.path}/"
        self.add_header("Set-Cookie", f"{self.session_cookie}={session.id}; path={path}; httpOnly; sameSite=strict;")
        self.add_header("Set-Cookie", f"{SERVER_COOKIE}=standin; path=/; httpOnly;")

    def release(self) -> None:
        """Let the next request of the session run; without UseSession the session ends with the request."""
        session, self.session = self.session, None
        if session is None:
            return
        if self._in_turn:
            session.turn.release()
            self._in_turn = False
        if not self.clinic.authority.options.use_session:
            self.clinic.gateway.end(session, after_request=True)

    def on_finish(self) -> None:
        """Note the answer."""
        self.release()
        self.clinic.journal.close(self.entry, "answered", self.get_status())

    def on_connection_close(self) -> None:
        """Note that the client left before the answer was complete."""
        self.client_left.set()
        self.release()
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
        if _answer_to(value) is None and not isinstance(value, LicensesExhausted):
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error in the form of %CSP.REST."""
        cause = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(cause, LicensesExhausted):
            self.set_status(503)
            self.finish("<html><head><title>Service Unavailable</title></head><body>Service Unavailable</body></html>")
            return
        error = _answer_to(cause)
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
