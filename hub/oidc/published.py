"""What the provider publishes about itself: metadata and signing keys. Fetched once for all who ask, kept, renewed."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from hub.errors import HubError
from hub.oidc.door import ProviderDoor
from hub.oidc.jwks import KeySet, process_jwks
from hub.oidc.metadata import ProviderMetadata, build_discovery_url, process_metadata
from hub.oidc.signed_jwt import UnknownKey
from hub.primitives.clock import Clock
from hub.primitives.stale_while_revalidate import StaleWhileRevalidate
from hub.primitives.tasks import end_tasks
from hub.telemetry import log

METADATA_FRESH_SECONDS = 3600.0
KEYS_FRESH_SECONDS = 600.0  # a key that the provider withdraws is believed no longer than this
RENEWAL_SECONDS = 30.0  # tokens with invented key ids must not become a flood of requests to the provider
DISCOVERY_RETRY_SECONDS = 5.0
DISCOVERY_WAIT_SECONDS = 4.0  # shorter, so that a circuit that has opened lets each of those retries through

T = TypeVar("T")
_log = log.get(__name__)


class ProviderDocuments:
    """Metadata and keys of the provider at `issuer`, asked for through its door."""

    def __init__(self, issuer: str, door: ProviderDoor, clock: Clock, compare: Callable[[ProviderMetadata], None]) -> None:
        """Parameters:
        compare: Is shown the metadata whenever they have been read.
        """
        self._issuer = issuer
        self._compare = compare
        self._door = door
        self._clock = clock
        self._metadata = StaleWhileRevalidate(
            self._fetch_metadata, clock, fresh_seconds=METADATA_FRESH_SECONDS, retry_seconds=RENEWAL_SECONDS
        )
        self._keys = StaleWhileRevalidate(
            self._fetch_keys, clock, fresh_seconds=KEYS_FRESH_SECONDS, retry_seconds=RENEWAL_SECONDS
        )
        self._discovery: asyncio.Task[None] | None = None
        self._trouble = "The provider's discovery document has not been read yet."

    def start(self) -> None:
        """Begin to look for the provider until it is found."""
        self._discovery = asyncio.create_task(self._discover())

    async def close(self) -> None:
        """End everything that is under way."""
        if self._discovery is not None:
            await end_tasks([self._discovery])
        await self._metadata.close()
        await self._keys.close()

    def trouble(self) -> str | None:
        """Say in one line why the provider has not been found; None once it has been."""
        return None if self._metadata.is_known else self._trouble

    async def metadata(self) -> ProviderMetadata:
        """Return the metadata; renewed each hour, and kept while the provider does not answer.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: There is none yet.
        """
        return await self._metadata.get()

    async def with_keys(self, validate: Callable[[KeySet], T]) -> T:
        """Validate something with the keys in hand; if none of them fits, once more after fetching them again.

        Raises:
            UnknownKey: The provider does not publish the key, or not yet.
            ProviderUnavailable, ProviderMisbehaved: The keys cannot be had, or as `validate` raises.
        """
        try:
            return validate(await self._keys.get())
        except UnknownKey:
            return validate(await self._keys.renew())

    async def _discover(self) -> None:
        """Ask until the provider has answered once: while the hub is not ready, nobody else will ask."""
        while not self._metadata.is_known:
            try:
                await self._metadata.get()
            except HubError:
                await self._clock.sleep(DISCOVERY_RETRY_SECONDS)

    async def _fetch_metadata(self) -> ProviderMetadata:
        url = build_discovery_url(self._issuer)
        try:
            answer = await self._door.call("GET", url, "discovery document", longest_wait_seconds=DISCOVERY_WAIT_SECONDS)
            metadata = process_metadata(answer.status, answer.body, self._issuer, answer.headers)
        except HubError as error:
            if self._metadata.is_known or error.detail != self._trouble:
                _log.warning("provider.discovery_failed", issuer=self._issuer, reason=error.detail)
            self._trouble = error.detail
            raise
        self._compare(metadata)
        return metadata

    async def _fetch_keys(self) -> KeySet:
        metadata = await self.metadata()
        answer = await self._door.call("GET", metadata.jwks_uri, "key set")
        return process_jwks(answer.status, answer.headers, answer.body)
