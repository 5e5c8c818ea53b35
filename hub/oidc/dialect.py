"""How an authorization server uses what the specifications leave open. Pure: the dialects themselves are defined elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass

from hub.oidc.metadata import ProviderMetadata


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDialect:
    """The peculiarities of one product.

    Attributes:
        name: For the log.
        audience_parameter: Name of the parameter of a token request that holds the audience (RFC 8693 section 2.1).
        ends_session_by_id_token: Whether the end-session endpoint finds the session by the ID token alone. It must not reach the
            browser, so the hub calls the endpoint itself.
    """

    name: str = "standard"
    audience_parameter: str = "audience"
    ends_session_by_id_token: bool = False


STANDARD = ProviderDialect()

DialectOf = Callable[[ProviderMetadata], ProviderDialect]
"""Recognizes the dialect of a provider by its metadata."""


def standard_dialect(_metadata: ProviderMetadata) -> ProviderDialect:
    """Return the standard dialect for any provider."""
    return STANDARD
