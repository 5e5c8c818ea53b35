"""Which sessions this node can serve: those whose provider is in its settings."""

from collections.abc import Mapping

from hub.primitives.ttl_cache import BoundedTtlCache
from hub.session.model import ProviderMissing, Session
from hub.telemetry import log

MAX_UNKNOWN = 100  # providers that are logged once

logger = log.get(__name__)


class KnownProviders:
    """The providers in the settings of this node.

    Without its provider, a session has no right on any route, and its tokens can be neither renewed nor revoked here. During a
    change of the settings, those of the nodes differ. So such a session is refused, and stays: another node may serve it.
    """

    def __init__(self, issuers: Mapping[str, str] | None = None) -> None:
        """Parameters:
        issuers: The issuers of all providers by their names; None: every session can be served.
        """
        self._keys = None if issuers is None else frozenset(issuers.items())
        self._logged: BoundedTtlCache[tuple[str, str], None] = BoundedTtlCache(MAX_UNKNOWN)

    def has_that_of(self, session: Session) -> bool:
        """Return whether the settings have the provider of a session, by name and issuer."""
        return self._keys is None or session.provider_key in self._keys

    def require_that_of(self, session: Session) -> None:
        """Return if the settings have the provider of a session.

        Raises:
            ProviderMissing: They have not.
        """
        if not self.has_that_of(session):
            self.report(session)
            raise ProviderMissing

    def report(self, session: Session) -> None:
        """Tell operators, once for each provider, that sessions of it are left to other nodes."""
        if session.provider_key not in self._logged:
            self._logged.put(session.provider_key, None)
            logger.warning("session.provider_unknown", provider=session.provider, issuer=session.issuer)
