"""Metadata and signing keys of a provider: fetched with single-flight, cached, and renewed."""

from collections.abc import Callable
from typing import TypeVar

from hub.errors import HubError
from hub.oidc.http_client import ProviderHttpClient
from hub.oidc.jwks import KeySet, process_jwks
from hub.oidc.metadata import ProviderMetadata, build_discovery_url, process_metadata
from hub.oidc.signed_jwt import UnknownKey
from hub.primitives.clock import Clock
from hub.primitives.stale_while_revalidate import StaleWhileRevalidate
from hub.primitives.task_supervisor import ServiceTask, TaskSupervisor
from hub.telemetry import log

METADATA_FRESH_SECONDS = 3600.0
KEYS_FRESH_SECONDS = 600.0  # a key that the provider withdraws is accepted no longer than this
RENEWAL_SECONDS = 30.0  # tokens with invented key IDs must not cause a flood of requests to the provider
DISCOVERY_RETRY_SECONDS = 5.0
DISCOVERY_WAIT_SECONDS = 4.0  # shorter than the retry interval, so that an open circuit lets each retry through

T = TypeVar("T")
_log = log.get(__name__)


class ProviderDocuments:
    """Caches the metadata and the keys of one provider."""

    def __init__(
        self,
        issuer: str,
        http: ProviderHttpClient,
        clock: Clock,
        compare: Callable[[ProviderMetadata], None],
        tasks: TaskSupervisor,
    ) -> None:
        """Parameters:
        compare: Called with the metadata whenever they were fetched.
        """
        self._issuer = issuer
        self._compare = compare
        self._http = http
        self._clock = clock
        self._metadata = StaleWhileRevalidate(
            self._fetch_metadata, clock, fresh_seconds=METADATA_FRESH_SECONDS, retry_seconds=RENEWAL_SECONDS
        )
        self._keys = StaleWhileRevalidate(
            self._fetch_keys, clock, fresh_seconds=KEYS_FRESH_SECONDS, retry_seconds=RENEWAL_SECONDS
        )
        self._tasks = tasks
        self._discovery: ServiceTask | None = None
        self._trouble = "The provider's discovery document has not been read yet."

    def start(self) -> None:
        """Start discovery in the background. It is repeated until it succeeds."""
        self._discovery = self._tasks.start(f"discovery of {self._issuer}", self._discover, finishes=True)

    async def close(self) -> None:
        """Stop all background work."""
        if self._discovery is not None:
            await self._discovery.stop()
        await self._metadata.close()
        await self._keys.close()

    def trouble(self) -> str | None:
        """Return in one line why discovery has failed so far; None once it has succeeded."""
        return None if self._metadata.has_value else self._trouble

    async def metadata(self) -> ProviderMetadata:
        """Return the cached metadata. It is renewed each hour, and remains in use while the provider does not respond.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: There is no metadata yet.
        """
        return await self._metadata.get()

    async def with_keys(self, validate: Callable[[KeySet], T]) -> T:
        """Return the result of `validate` with the cached keys. If no key matches, fetch the keys again and repeat it once.

        Raises:
            UnknownKey: The provider does not publish the key, or not yet.
            ProviderUnavailable, ProviderMisbehaved: The keys are not available, or `validate` raised this.
        """
        try:
            return validate(await self._keys.get())
        except UnknownKey:
            return validate(await self._keys.renew())

    async def _discover(self) -> None:
        """Fetch the metadata until it succeeds. A hub that is not ready gets no logins, which would fetch it."""
        while not self._metadata.has_value:
            try:
                await self._metadata.get()
            except HubError:
                await self._clock.sleep(DISCOVERY_RETRY_SECONDS)

    async def _fetch_metadata(self) -> ProviderMetadata:
        url = build_discovery_url(self._issuer)
        try:
            response = await self._http.call("GET", url, "discovery document", longest_wait_seconds=DISCOVERY_WAIT_SECONDS)
            metadata = process_metadata(response.status, response.body, self._issuer, response.headers)
        except HubError as error:
            if self._metadata.has_value or error.detail != self._trouble:
                _log.warning("provider.discovery_failed", issuer=self._issuer, reason=error.detail)
            self._trouble = error.detail
            raise
        self._compare(metadata)
        return metadata

    async def _fetch_keys(self) -> KeySet:
        metadata = await self.metadata()
        response = await self._http.call("GET", metadata.jwks_uri, "key set")
        return process_jwks(response.status, response.headers, response.body)
