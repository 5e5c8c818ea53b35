"""Records that are not what this hub wrote: each is logged once and counted, and then counts as absent."""

from collections.abc import Callable

from hub.primitives.ttl_cache import BoundedTtlCache
from hub.session.codec import KeyNotHeld, UnreadableRecord
from hub.telemetry import log

MAX_NAMES = 10_000  # a fault is logged again when so many others came after it

logger = log.get(__name__)


def _nothing(kind: str, fault: str) -> None:
    """Count nothing."""


class RecordFaults:
    """Reports records that cannot be trusted or read.

    Parameters:
        count: Called for each fault with the kind of the record and `key_not_held` or `not_authentic`.
    """

    def __init__(self, count: Callable[[str, str], None] = _nothing) -> None:
        self._count = count
        self._logged: BoundedTtlCache[tuple[str, str], None] = BoundedTtlCache(MAX_NAMES)

    def report(self, kind: str, ref: str, error: UnreadableRecord) -> None:
        """Report a record.

        Parameters:
            kind: `session`, `token`, `revocation`, `jar` or `topic`.
            ref: Short name of its owner for the log; not secret.
        """
        is_foreign = isinstance(error, KeyNotHeld)
        self._count(kind, "key_not_held" if is_foreign else "not_authentic")
        if (kind, ref) in self._logged:
            return
        self._logged.put((kind, ref), None)
        if is_foreign:
            logger.warning("record.key_not_held", kind=kind, ref=ref, detail=str(error))
        else:
            logger.warning("record.not_authentic", kind=kind, ref=ref, detail=str(error))
