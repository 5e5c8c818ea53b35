"""Keep the keyring of a running hub up to date, so that keys can be rotated without a restart."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hub.primitives.clock import Clock
from hub.session.key_folder import KeySources
from hub.session.keyring import Keyring, KeyringError
from hub.telemetry import log

PERIOD_SECONDS = 2.0  # much shorter than the activation time of a key; reading a few small files takes less than a millisecond
MIN_INTERVAL_SECONDS = 1.0  # between two checks on demand: many records of a deleted key must not cause a file read each

logger = log.get(__name__)


class KeyWatcher:
    """Reads the key sources every few seconds, and when a record has an unknown key.

    Attributes:
        keyring: The keyring that is kept up to date. It keeps its keys if a source cannot be read.
    """

    def __init__(self, sources: KeySources, clock: Clock) -> None:
        """Read the keys for the first time.

        Raises:
            KeyringError: There is no key, or a key cannot be read.
        """
        self._sources = sources
        self._clock = clock
        self._checked_at = clock.monotonic()
        self._last_error = ""
        self.keyring = Keyring(sources.read(clock.now()), self._check_on_demand)

    async def run(self) -> None:
        """Check every few seconds, until cancelled."""
        while True:
            await self._clock.sleep(PERIOD_SECONDS)
            self.check()

    def check(self, files: Sequence[Path] | None = None) -> bool:
        """Read the keys into the keyring. If that fails, log the error, keep the former keys, and return False.

        Parameters:
            files: Single key files to use from now on, after the settings were reloaded.
        """
        sources = self._sources if files is None else replace(self._sources, files=files)
        self._checked_at = self._clock.monotonic()
        try:
            changed = self.keyring.replace(sources.read(self._clock.now()))
        except KeyringError as error:
            self._log_once(str(error))
            return False
        self._sources, self._last_error = sources, ""
        if changed:
            first, *others = self.keyring.key_ids
            logger.info("session_keys.changed", encrypts=first, decrypt=others)
        return True

    def _check_on_demand(self) -> None:
        if self._clock.monotonic() - self._checked_at >= MIN_INTERVAL_SECONDS:
            self.check()

    def _log_once(self, error: str) -> None:
        """Log an error, unless the check before has logged the same."""
        if error != self._last_error:
            logger.error("session_keys.load_failed", trouble=error)
        self._last_error = error
