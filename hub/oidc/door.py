"""The door to a provider: sends what the pure modules build, and hands back the answers.

Every call is limited in time and size, follows no redirect, verifies TLS, keeps no cookies and has a connection
of its own. An endpoint that keeps failing is left alone for a while, and the provider's clock is compared with ours.
"""

import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp

from hub.config.settings import MAIN_PROVIDER, SettingsError
from hub.errors import ProviderMisbehaved, ProviderUnavailable
from hub.oidc.circuit_breaker import LONGEST_WAIT_SECONDS, CircuitBreaker
from hub.oidc.clock_difference import ClockDifference
from hub.oidc.provider_response import unavailable
from hub.primitives.clock import Clock
from hub.telemetry import log

MAX_ANSWER_BYTES = 1024 * 1024  # the largest real answers, key sets with certificates, have some 50 KB
WRONG_CLOCK_SECONDS = 30.0  # from here on the operator is told
RIGHT_CLOCK_SECONDS = 20.0  # lower, so that a difference at the edge is not told again and again

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class ProviderResponse:
    """A whole answer of the provider, whatever its status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True)
class _Endpoint:
    """An endpoint's circuit, and what was wrong at its last failure."""

    breaker: CircuitBreaker
    trouble: str = ""


def report_nothing(open_circuits: float) -> None:
    """Stand in where nobody counts."""


class ProviderDoor:
    """Calls one provider."""

    def __init__(
        self,
        clock: Clock,
        timeout_seconds: float,
        ca_file: str = "",
        *,
        name: str = MAIN_PROVIDER,
        report_open_circuits: Callable[[float], None] = report_nothing,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Parameters:
            timeout_seconds: Time limit of one call, from the connection to the last byte.
            ca_file: Certificates (PEM) to trust besides those of the system.
            name: The provider's name in the settings, for the log.
            report_open_circuits: Is told the number of endpoints that are not being asked, whenever it changes.
            chance: Random numbers from 0 to 1, which spread the waits.

        Raises:
            SettingsError: `ca_file` cannot be read.
        """
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._tls = _tls_context(ca_file)
        self._name = name
        self._report_open_circuits = report_open_circuits
        self._chance = chance
        self._session: aiohttp.ClientSession | None = None
        self._endpoints: dict[str, _Endpoint] = {}
        self._difference = ClockDifference()
        self._clock_is_wrong = False

    @property
    def clock_difference(self) -> float:
        """Seconds that the provider's clock is ahead of ours, as far as known."""
        return self._difference.seconds

    def now(self) -> float:
        """Return the time by the provider's clock, as far as known: what its tokens are judged by. Epoch seconds."""
        return self._difference.correct(self._clock.now())

    async def start(self) -> None:
        """Make ready to call. Connects to nobody yet."""
        self._session = aiohttp.ClientSession(
            # A kept connection may be closed by the provider as we send: a code, which counts once, would be lost.
            connector=aiohttp.TCPConnector(force_close=True, ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
        )

    async def close(self) -> None:
        """Break off what is under way."""
        if self._session is not None:
            await self._session.close()

    async def call(
        self,
        method: str,
        url: str,
        what: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
    ) -> ProviderResponse:
        """Send one request and read the whole answer.

        Parameters:
            what: The endpoint in words, for the operator. Each has a circuit of its own, so that it is one of a few constants.
            longest_wait_seconds: How long the endpoint is left alone at most when it keeps failing, unless it asks for more.

        Raises:
            ProviderUnavailable: There is no answer, or the endpoint is being left alone; then `retry_after_seconds` says for
                how long, and the detail what was wrong with it.
            ProviderMisbehaved: The answer is larger than any that the hub can use.
        """
        endpoint = self._endpoints.setdefault(what, _Endpoint(CircuitBreaker(longest_wait_seconds)))
        ticket = self._admit(endpoint)
        try:
            answer = await self._send(method, url, what, headers, body)
        except ProviderUnavailable as error:
            self._failed(endpoint, ticket, what, error)
            raise
        except ProviderMisbehaved:  # nonsense, but there
            self._succeeded(endpoint, what)
            raise
        finally:
            endpoint.breaker.abandoned(ticket)
        trouble = unavailable(answer.status, answer.headers, what)
        if trouble is not None and answer.status != HTTPStatus.NOT_IMPLEMENTED:  # which is so for good, as with 405
            self._failed(endpoint, ticket, what, trouble)
        else:
            self._succeeded(endpoint, what)
        return answer

    async def _send(
        self, method: str, url: str, what: str, headers: Mapping[str, str] | None, body: bytes | None
    ) -> ProviderResponse:
        if self._session is None:
            raise RuntimeError("start() has not been called")
        sent_at = self._clock.monotonic()
        try:
            async with self._session.request(method, url, headers=headers, data=body, allow_redirects=False) as response:
                self._compare_clocks(response.headers, sent_at)
                return ProviderResponse(response.status, dict(response.headers), await _read(response, what))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _log.info("provider.call_failed", provider=self._name, what=what, reason=f"{type(error).__name__}: {error}")
            raise ProviderUnavailable(_explain(error, what)) from error

    def _admit(self, endpoint: _Endpoint) -> int:
        now = self._clock.monotonic()
        ticket = endpoint.breaker.admit(now)
        if ticket is None:
            raise ProviderUnavailable(endpoint.trouble, retry_after_seconds=endpoint.breaker.wait(now))
        return ticket

    def _failed(self, endpoint: _Endpoint, ticket: int, what: str, error: ProviderUnavailable) -> None:
        was_open = endpoint.breaker.is_open
        endpoint.trouble = error.detail
        endpoint.breaker.failed(ticket, self._clock.monotonic(), retry_after=error.retry_after_seconds, chance=self._chance())
        if endpoint.breaker.is_open and not was_open:
            _log.warning("provider.circuit_opened", provider=self._name, what=what, reason=error.detail)
            self._count_open_circuits()

    def _succeeded(self, endpoint: _Endpoint, what: str) -> None:
        was_open = endpoint.breaker.is_open
        endpoint.breaker.succeeded()
        if was_open:
            _log.info("provider.circuit_closed", provider=self._name, what=what)
            self._count_open_circuits()

    def _count_open_circuits(self) -> None:
        self._report_open_circuits(sum(endpoint.breaker.is_open for endpoint in self._endpoints.values()))

    def _compare_clocks(self, headers: Mapping[str, str], sent_at: float) -> None:
        took_seconds = self._clock.monotonic() - sent_at
        self._difference.observe(headers, received_at=self._clock.now(), took_seconds=took_seconds)
        off_by = abs(self._difference.seconds)
        if off_by > WRONG_CLOCK_SECONDS and not self._clock_is_wrong:
            self._clock_is_wrong = True
            _log.warning("provider.clock_differs", provider=self._name, seconds=round(self._difference.seconds))
        elif off_by < RIGHT_CLOCK_SECONDS and self._clock_is_wrong:
            self._clock_is_wrong = False
            _log.info("provider.clock_agrees", provider=self._name, seconds=round(self._difference.seconds))


async def _read(response: aiohttp.ClientResponse, what: str) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            raise ProviderMisbehaved(f"The {what} of the login service answered with more than {MAX_ANSWER_BYTES} bytes.")
    return bytes(body)


def _explain(error: Exception, what: str) -> str:
    """Say what happened without names of hosts, which belong into the log and not before a person who logs in."""
    match error:
        case aiohttp.ClientSSLError():
            return f"The {what} of the login service has no TLS certificate that this machine trusts."
        case TimeoutError():
            return f"The {what} of the login service did not answer in time."
        case aiohttp.ClientConnectorError():
            return f"The {what} of the login service cannot be reached."
        case _:
            return f"The {what} of the login service broke off."


def _tls_context(ca_file: str) -> ssl.SSLContext:
    """Return what the provider is verified against: the certificates of the system and those of `ca_file`, if named."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise SettingsError([f"provider.ca_file: {ca_file} holds no certificate (PEM) that can be read."]) from error
    return context
