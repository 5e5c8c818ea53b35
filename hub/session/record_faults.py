"""Records that are not what this hub wrote: each is logged once and counted, and then counts as absent."""

from collections.abc import Callable

from hub.primitives.clock import Clock, SystemClock
from hub.primitives.token_bucket import TokenBuckets
from hub.primitives.ttl_cache import BoundedTtlCache
from hub.session.codec import KeyNotHeld, UnreadableRecord
from hub.telemetry import log

MAX_NAMES = 10_000  # a fault is logged again when so many others came after it
LINES_PER_SECOND = 1.0
LINES_AT_ONCE = 10.0

logger = log.get(__name__)


def _nothing(kind: str, fault: str) -> None:
    """Count nothing."""


class RecordFaults:
    """Reports records that cannot be trusted or read. An adversary who writes many fills no log.

    Parameters:
        count: Called for each fault with the kind of the record and `key_not_held` or `not_authentic`.
    """

    def __init__(self, count: Callable[[str, str], None] = _nothing, clock: Clock | None = None) -> None:
        self._count = count
        self._clock = clock or SystemClock()
        self._logged: BoundedTtlCache[tuple[str, str], None] = BoundedTtlCache(MAX_NAMES)
        self._lines = TokenBuckets(LINES_PER_SECOND, LINES_AT_ONCE)

    def report(self, kind: str, ref: str, error: UnreadableRecord) -> None:
        """Report a record.

        Parameters:
            kind: `session`, `token`, `revocation`, `jar` or `topic`.
            ref: Short name of its owner for the log; not secret.
        """
        if isinstance(error, KeyNotHeld):
            self._count(kind, "key_not_held")
            if self._may_log("key", error.key_id):  # the key, and not each record that was made with it
                logger.error("record.key_not_held", key=error.key_id, kind=kind, ref=ref)
            return
        self._count(kind, "not_authentic")
        if self._may_log(kind, ref):
            logger.warning("record.not_authentic", kind=kind, ref=ref, detail=str(error))

    def _may_log(self, kind: str, name: str) -> bool:
        if (kind, name) in self._logged or self._lines.take("", self._clock.monotonic()):
            return False
        self._logged.put((kind, name), None)
        return True
