"""HTTP client for one provider: sends the requests that the pure modules build, and returns the responses.

Each call has a timeout and a maximum response size. It follows no redirects, verifies TLS, stores no cookies and uses a
connection of its own. Each endpoint has a circuit breaker. The `Date` of each response shows how far the provider's clock is off.
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

MAX_RESPONSE_BYTES = 1024 * 1024  # the largest real responses are key sets with certificates, of about 50 KB
WRONG_CLOCK_SECONDS = 30.0  # a larger difference is logged as a warning
RIGHT_CLOCK_SECONDS = 20.0  # lower, so that a difference close to the limit is not logged again and again

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class ProviderResponse:
    """A complete HTTP response of the provider, whatever its status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True)
class _Endpoint:
    """The circuit breaker of an endpoint, and the detail of its last failure."""

    breaker: CircuitBreaker
    trouble: str = ""


def report_nothing(open_circuits: float) -> None:
    """Ignore the number of open circuits."""


class ProviderHttpClient:
    """Sends HTTP requests to one provider."""

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
            timeout_seconds: Timeout of one call, from opening the connection to the last byte of the response.
            ca_file: Certificates (PEM) to trust besides those of the system.
            name: The provider's name in the settings, for the log.
            report_open_circuits: Called with the number of open circuits whenever it changes.
            chance: Returns random numbers from 0 to 1, the jitter of the waits.

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
        """Return how many seconds the provider's clock is ahead of ours, as far as known."""
        return self._difference.seconds

    def now(self) -> float:
        """Return the time of the provider's clock in epoch seconds, as far as known. Its tokens are checked against this time."""
        return self._difference.correct(self._clock.now())

    async def start(self) -> None:
        """Create the HTTP session. Opens no connection yet."""
        self._session = aiohttp.ClientSession(
            # The provider may close an idle connection while we send on it. A code, which can be used once, would be lost.
            connector=aiohttp.TCPConnector(force_close=True, ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
        )

    async def close(self) -> None:
        """Abort all calls."""
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
        """Send one request and return the complete response.

        Parameters:
            what: Name of the endpoint for operators. It must be one of a few constants, because each name has its own circuit.
            longest_wait_seconds: Longest time that the circuit stays open, unless the provider asks for more by `Retry-After`.

        Raises:
            ProviderUnavailable: There is no response, or the circuit is open. `retry_after_seconds` then says for how long, and
                the detail says why.
            ProviderMisbehaved: The response is larger than `MAX_RESPONSE_BYTES`.
        """
        endpoint = self._endpoints.setdefault(what, _Endpoint(CircuitBreaker(longest_wait_seconds)))
        ticket = self._admit(endpoint)
        try:
            response = await self._send(method, url, what, headers, body)
        except ProviderUnavailable as error:
            self._failed(endpoint, ticket, what, error)
            raise
        except ProviderMisbehaved:  # the response cannot be used, but the endpoint responds
            self._succeeded(endpoint, what)
            raise
        finally:
            endpoint.breaker.abandoned(ticket)
        trouble = unavailable(response.status, response.headers, what)
        if trouble is not None and response.status != HTTPStatus.NOT_IMPLEMENTED:  # permanent, like 405
            self._failed(endpoint, ticket, what, trouble)
        else:
            self._succeeded(endpoint, what)
        return response

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
        if len(body) > MAX_RESPONSE_BYTES:
            response.close()
            raise ProviderMisbehaved(f"The {what} of the login service sent a response of more than {MAX_RESPONSE_BYTES} bytes.")
    return bytes(body)


def _explain(error: Exception, what: str) -> str:
    """Return a description without host names. It is shown to users; host names are only for the log."""
    match error:
        case aiohttp.ClientSSLError():
            return f"The {what} of the login service has no TLS certificate that this machine trusts."
        case TimeoutError():
            return f"The {what} of the login service did not respond in time."
        case aiohttp.ClientConnectorError():
            return f"The {what} of the login service cannot be reached."
        case _:
            return f"The {what} of the login service closed the connection before its response was complete."


def _tls_context(ca_file: str) -> ssl.SSLContext:
    """Return a TLS context that trusts the certificates of the system and those of `ca_file`, if given."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise SettingsError([f"provider.ca_file: {ca_file} is not a readable PEM file with certificates."]) from error
    return context
