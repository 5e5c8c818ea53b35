"""The discovery document."""

from iris_standin import Options
from iris_standin.metadata import discovery_document

ISSUER = "https://iris.example/authserver/oauth2"

BEGINNING = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "jwks_uri",
    "registration_endpoint",
    "end_session_endpoint",
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "code_challenge_methods_supported",
    "grant_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
]


def test_members_have_the_order_of_a_real_document() -> None:
    """The document begins with the issuer and ends with the front-channel members."""
    members = list(discovery_document(ISSUER, Options()))

    assert members[: len(BEGINNING)] == BEGINNING
    assert members[-2:] == ["frontchannel_logout_supported", "frontchannel_logout_session_supported"]


def test_endpoints_have_iris_names() -> None:
    """Revocation and introspection are called by nouns, and everything lies under the issuer."""
    document = discovery_document(ISSUER, Options())

    assert document["revocation_endpoint"] == f"{ISSUER}/revocation"
    assert document["introspection_endpoint"] == f"{ISSUER}/introspection"
    assert document["end_session_endpoint"] == f"{ISSUER}/logout"


def test_the_older_profile_lacks_what_came_later() -> None:
    """IRIS 2023.1 announces neither subject types nor the PS algorithms."""
    old, new = (discovery_document(ISSUER, Options(profile=profile)) for profile in ("2023.1", "2026.1"))

    assert "subject_types_supported" not in old
    assert not [name for name in old["id_token_signing_alg_values_supported"] if name.startswith("PS")]
    assert "PS256" in new["id_token_signing_alg_values_supported"]


def test_what_iris_does_not_have_is_not_announced() -> None:
    """No `iss` response parameter, no back-channel logout, no PAR."""
    document = discovery_document(ISSUER, Options())

    assert not {
        "authorization_response_iss_parameter_supported",
        "backchannel_logout_supported",
        "pushed_authorization_request_endpoint",
    } & set(document)
    assert "none" not in document["token_endpoint_auth_methods_supported"]


def test_custom_scopes_follow_the_standard_ones_sorted() -> None:
    """Scopes of the application are appended in alphabetical order."""
    document = discovery_document(ISSUER, Options(supported_scopes=("zebra", "apple")))

    assert document["scopes_supported"] == ["openid", "profile", "email", "address", "phone", "apple", "zebra"]


def test_opaque_access_tokens_have_no_algorithms() -> None:
    """The members about access tokens appear only if those are JWTs."""
    assert "access_token_signing_alg_values_supported" in discovery_document(ISSUER, Options())
    assert "access_token_signing_alg_values_supported" not in discovery_document(ISSUER, Options(opaque_access_token=True))
