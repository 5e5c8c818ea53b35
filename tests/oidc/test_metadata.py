"""hub.oidc.metadata: OpenID Connect Discovery 1.0."""

import re
from typing import Any

import pytest

from hub.errors import ProviderMisbehaved, ProviderUnavailable
from hub.oidc.metadata import build_discovery_url, process_metadata
from tests.oidc.samples import ISSUER, discovery


class TestDiscoveryRequest:
    """Section 4."""

    @pytest.mark.parametrize("issuer", ["https://provider.example/realm", "https://provider.example/realm/"])
    def test_path(self, issuer: str) -> None:
        """The well-known path follows the issuer's, with one slash between them."""
        actual = build_discovery_url(issuer)

        assert actual == "https://provider.example/realm/.well-known/openid-configuration"


class TestDiscoveryResponse:
    """Section 4.3."""

    def test_members(self) -> None:
        """Members are taken as they are, unknown ones are ignored, absent ones are None."""
        metadata = process_metadata(200, discovery(surprise=1, revocation_endpoint=f"{ISSUER}/revoke"), ISSUER)

        assert (f"{ISSUER}/token", f"{ISSUER}/revoke", None) == (
            metadata.token_endpoint,
            metadata.revocation_endpoint,
            metadata.userinfo_endpoint,
        )

    def test_abilities(self) -> None:
        """What the provider says it can do is read; what it does not mention it cannot do, or nobody knows."""
        least = process_metadata(200, discovery(), ISSUER)
        most = process_metadata(
            200,
            discovery(
                pushed_authorization_request_endpoint=f"{ISSUER}/par",
                require_pushed_authorization_requests=True,
                frontchannel_logout_supported=True,
                backchannel_logout_supported=True,
                token_endpoint_auth_methods_supported=["private_key_jwt"],
                grant_types_supported=["authorization_code"],
            ),
            ISSUER,
        )

        assert (least.require_pushed_authorization_requests, most.require_pushed_authorization_requests) == (False, True)
        assert (least.backchannel_logout_supported, most.backchannel_logout_supported) == (False, True)
        assert (least.frontchannel_logout_supported, most.frontchannel_logout_supported) == (False, True)
        assert (least.token_endpoint_auth_methods_supported, least.grant_types_supported) == (None, None)
        assert most.token_endpoint_auth_methods_supported == ("private_key_jwt",)
        assert most.endpoints["pushed_authorization_request_endpoint"] == f"{ISSUER}/par"

    @pytest.mark.parametrize("issuer", [f"{ISSUER}/", "https://PROVIDER.example", "http://provider.example", ""])
    def test_issuer_mismatch(self, issuer: str) -> None:
        """discovery-issuer-mismatch (C13): an issuer that differs by one letter is refused, and both are named."""
        with pytest.raises(ProviderMisbehaved, match=r"provider\.issuer is 'https://provider\.example'"):
            process_metadata(200, discovery(issuer=issuer), ISSUER)

    @pytest.mark.parametrize("member", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
    def test_missing_member(self, member: str) -> None:
        """A document without a member that every login needs is refused, and the member is named."""
        with pytest.raises(ProviderMisbehaved, match=member):
            process_metadata(200, discovery(**{member: None}), ISSUER)

    @pytest.mark.parametrize(
        "changes",
        [
            {"token_endpoint": 7},
            {"token_endpoint": "/token"},
            {"token_endpoint": "http://provider.example/token"},
            {"token_endpoint": "https://[/token"},
            {"jwks_uri": "file:///etc/passwd"},
            {"authorization_endpoint": f"{ISSUER}/authorize\r\nSet-Cookie: a=b"},
            {"authorization_endpoint": f"{ISSUER}/authorize\n"},
            {"token_endpoint": f"{ISSUER}/to ken"},
            {"token_endpoint": f"{ISSUER}\\@evil.example/token"},
            {"end_session_endpoint": f"{ISSUER}/logout\t"},
            {"userinfo_endpoint": f"{ISSUER}/m\xfcller"},
            {"userinfo_endpoint": "https://provider.example:99999/userinfo"},
            {"userinfo_endpoint": f"{ISSUER}/userinfo#fragment"},
            {"pushed_authorization_request_endpoint": "http://provider.example/par"},
            {"revocation_endpoint": "http://provider.example/revoke"},
            {"introspection_endpoint": "http://provider.example/introspect"},
            {"code_challenge_methods_supported": ["plain"]},
            {"code_challenge_methods_supported": "S256"},
        ],
    )
    def test_unsafe_member(self, changes: dict[str, Any]) -> None:
        """Endpoints are absolute and no less safe than the issuer, and S256 must not be missing from its list."""
        with pytest.raises(ProviderMisbehaved) as caught:
            process_metadata(200, discovery(**changes), ISSUER)
        assert re.search(rf"\b{next(iter(changes))}\b|S256", caught.value.detail)

    def test_methods_not_listed(self) -> None:
        """A provider that lists no code challenge methods is used all the same."""
        metadata = process_metadata(200, discovery(code_challenge_methods_supported=None), ISSUER)

        assert metadata.code_challenge_methods_supported is None

    @pytest.mark.parametrize(("status", "body"), [(404, b""), (302, b""), (200, b"<html>"), (200, b"[]"), (200, b"[" * 30_000)])
    def test_no_document(self, status: int, body: bytes) -> None:
        """An answer that is no discovery document tells the operator which URL gave it."""
        with pytest.raises(ProviderMisbehaved, match=r"/\.well-known/openid-configuration"):
            process_metadata(status, body, ISSUER)

    def test_unavailable(self) -> None:
        """A provider that cannot answer now is unavailable, not wrong."""
        with pytest.raises(ProviderUnavailable) as caught:
            process_metadata(503, b"", ISSUER, {"Retry-After": "5"})

        assert caught.value.retry_after_seconds == 5.0
