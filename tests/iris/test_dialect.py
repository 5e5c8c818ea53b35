"""Recognition of InterSystems IRIS by the layout of its endpoints."""

from hub.iris.dialect import IRIS_DIALECT, dialect_of
from hub.oidc.dialect import STANDARD
from hub.oidc.metadata import process_metadata
from tests.oidc.samples import IRIS, ISSUER, discovery, iris_discovery


def test_iris() -> None:
    """The document that IRIS 2026.1 makes is accepted and recognized, without announcing `iss` in responses."""
    metadata = process_metadata(200, iris_discovery(), IRIS)

    assert (dialect_of(metadata), metadata.authorization_response_iss_parameter_supported) == (IRIS_DIALECT, False)


def test_other() -> None:
    """Another provider is not taken for IRIS, even where its issuer ends alike."""
    issuer = f"{ISSUER}/oauth2"
    metadata = process_metadata(200, discovery(issuer=issuer, revocation_endpoint=f"{issuer}/revoke"), issuer)

    assert dialect_of(metadata) is STANDARD
