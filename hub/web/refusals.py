"""The cost of rejected requests for their connection and their address, and how many of them are logged.

A request is refused when the hub itself responds with a status from 400 to 499. Each one is charged to its connection, which is
then read more slowly (`hub.listener.work_budget`), and to the address of the client, so that a new connection does not help. The
connection of a trusted proxy is neither charged nor closed, because it carries other users too.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from hub.errors import TooManyRequests
from hub.gateway.rate_limits import RateLimits
from hub.primitives.clock import Clock
from hub.primitives.token_bucket import TokenBuckets
from hub.session.failure_limit import network_of
from hub.telemetry import log
from hub.web.client_address import TrustedProxies

COST = 10.0
"""Cost of a refused request for its connection; a WebSocket frame costs 1."""

LINES = 20.0  # refusals of one address that are logged without a limit
LINES_PER_SECOND = 0.2
REPORT_SECONDS = 60.0
MAX_ADDRESSES = 1000  # that are reported one by one
OTHERS = "others"

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class RefusalVerdict:
    """How a refused request is treated.

    Attributes:
        is_logged: Whether its lines are written to access log, log and audit log.
        limited: The error to respond with instead, because its address is above its limit; None: the refusal itself.
        closes: Whether the connection is closed after that. That of a trusted proxy is kept, because it carries other users too.
    """

    is_logged: bool = True
    limited: TooManyRequests | None = None
    closes: bool = False


class Charged(Protocol):
    """The origin of a rejected request: an exchange, or the connection of a Tornado handler."""

    @property
    def remote_ip(self) -> str:
        """IP address of the peer."""

    def charge(self, cost: float) -> None:
        """Charge the connection."""


class Refusals:
    """Counts the refused requests of a worker."""

    def __init__(self, rates: RateLimits, clock: Clock, trusted_proxies: TrustedProxies | None = None) -> None:
        self._trusted_proxies = trusted_proxies or TrustedProxies()
        self._rates = rates
        self._clock = clock
        self._lines = TokenBuckets(LINES_PER_SECOND, LINES)
        self._suppressed: Counter[str] = Counter()

    def count(self, connection: Charged, address: str) -> RefusalVerdict:
        """Charge a refused request to its connection and to the address of its client.

        The caller responds with `limited`, if there is one, and closes the connection if the verdict says so.
        """
        is_own = connection.remote_ip == address
        if is_own:
            connection.charge(COST)
        network = network_of(address)
        limited = self._rates.refused_request(network)
        return RefusalVerdict(self._may_log(network), limited, closes=is_own and limited is not None)

    def malformed(self, peer: str, status: int) -> bool:
        """Charge a malformed request, which the listener rejects, to the address of its peer. Trusted proxies are not charged.

        Parameters:
            status: Of the response; 0: a connection has ended without a request, which is not logged.

        Returns:
            Whether the address is above its limit.
        """
        if self._trusted_proxies.verdict(peer) is not False:
            return False
        network = network_of(peer)
        if status and self._may_log(network):
            logger.info("request.malformed", address=peer, status=status)
        return self._rates.refused_request(network) is not None

    def is_limited(self, peer: str) -> bool:
        """Return whether the address of a peer is above its limit now. Trusted proxies never are."""
        return self._trusted_proxies.verdict(peer) is False and self._rates.refuses_requests(network_of(peer))

    def _may_log(self, network: str) -> bool:
        """Return whether the lines of this refusal are written. Those that are not are counted, and reported after a minute."""
        if not self._lines.take(network, self._clock.monotonic()):
            return True
        if not self._suppressed:
            self._clock.call_later(REPORT_SECONDS, self._report)
        is_named = network in self._suppressed or len(self._suppressed) < MAX_ADDRESSES
        self._suppressed[network if is_named else OTHERS] += 1
        return False

    def _report(self) -> None:
        suppressed, self._suppressed = self._suppressed, Counter()
        for network, count in suppressed.items():
            logger.warning("request.refusals_suppressed", address=network, count=count)
