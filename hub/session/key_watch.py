"""Keeps the keyring of a running hub up to date: keys come, begin to encrypt, and go, without a restart."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hub.primitives.clock import Clock
from hub.session.key_folder import KeySources
from hub.session.keyring import Keyring, KeyringError
from hub.telemetry import log

PERIOD_SECONDS = 2.0  # a new key waits much longer before it encrypts; a few small files are read in well under a millisecond
SHORTEST_PAUSE_SECONDS = (
    1.0  # between two looks on demand: records of a key that is gone must not make us read files all the time
)

logger = log.get(__name__)


class KeyWatch:
    """Looks at the sources of the keys every few seconds, and when a record is met whose key is unknown.

    Attributes:
        keyring: What it keeps up to date. If a source cannot be read, the former keys stay.
    """

    def __init__(self, sources: KeySources, clock: Clock) -> None:
        """Read the keys for the first time.

        Raises:
            KeyringError: There is no key, or one cannot be read.
        """
        self._sources = sources
        self._clock = clock
        self._looked_at = clock.monotonic()
        self._trouble = ""
        self.keyring = Keyring(sources.read(clock.now()), self._look_on_demand)

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await self._clock.sleep(PERIOD_SECONDS)
            self.look()

    def look(self, files: Sequence[Path] | None = None) -> bool:
        """Take the keys that are there now; return False if they cannot be read: that is logged, and the former ones stay.

        Parameters:
            files: The single key files from now on, if the settings have been read anew.
        """
        sources = self._sources if files is None else replace(self._sources, files=files)
        self._looked_at = self._clock.monotonic()
        try:
            changed = self.keyring.replace(sources.read(self._clock.now()))
        except KeyringError as error:
            self._complain(str(error))
            return False
        self._sources, self._trouble = sources, ""
        if changed:
            first, *others = self.keyring.key_ids
            logger.info("keys.changed", encrypts=first, decrypt=others)
        return True

    def _look_on_demand(self) -> None:
        if self._clock.monotonic() - self._looked_at >= SHORTEST_PAUSE_SECONDS:
            self.look()

    def _complain(self, trouble: str) -> None:
        if trouble != self._trouble:  # once, not every few seconds
            logger.error("keys.unreadable", trouble=trouble)
        self._trouble = trouble
