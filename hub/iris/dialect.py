"""IRIS as an OpenID Provider: how to recognize it, and where it differs. Pure."""

from hub.oidc.dialect import STANDARD, ProviderDialect
from hub.oidc.metadata import ProviderMetadata

IRIS_DIALECT = ProviderDialect(name="iris", audience_parameter="aud", ends_session_by_id_token=True)


def is_iris(metadata: ProviderMetadata) -> bool:
    """Return whether the endpoints are laid out as by IRIS, which no other known provider does."""
    issuer = metadata.issuer
    return issuer.endswith("/oauth2") and (
        metadata.revocation_endpoint == f"{issuer}/revocation"
        and metadata.introspection_endpoint == f"{issuer}/introspection"
        and metadata.end_session_endpoint == f"{issuer}/logout"
    )


def dialect_of(metadata: ProviderMetadata) -> ProviderDialect:
    """Return the dialect of IRIS if the provider is one, else the standard."""
    return IRIS_DIALECT if is_iris(metadata) else STANDARD
