"""hub.oidc.end_session: RP-Initiated Logout 1.0."""

import dataclasses
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import pytest

from hub.oidc.dialect import ProviderDialect
from hub.oidc.end_session import build_direct_end_session, build_end_session_url, is_direct
from hub.primitives.secret import Secret
from tests.oidc.samples import METADATA, settings

WITHOUT = dataclasses.replace(METADATA, end_session_endpoint=None)


class TestBrowser:
    """Section 2: the browser visits the endpoint."""

    def test_url(self) -> None:
        """O1, O2: the client is named by its id, never by an ID token, and the state goes along."""
        url = build_end_session_url(METADATA, "hub", "https://hub.example/?a=b", "s")

        assert url is not None
        assert parse_qsl(urlsplit(url).query) == [
            ("client_id", "hub"),
            ("post_logout_redirect_uri", "https://hub.example/?a=b"),
            ("state", "s"),
        ]

    def test_no_endpoint(self) -> None:
        """Without an endpoint there is nowhere to go."""
        assert build_end_session_url(WITHOUT, "hub", "https://hub.example/", "s") is None


class TestDirect:
    """The hub calls the endpoint itself."""

    def test_request(self) -> None:
        """The ID token is in the body, not in the URL, and is not printed."""
        request = build_direct_end_session(METADATA, Secret("the-id-token"), "hub")

        assert request is not None
        assert parse_qsl(request.body) == [("id_token_hint", "the-id-token"), ("client_id", "hub")]
        assert "the-id-token" not in request.url + repr(request)

    def test_no_endpoint(self) -> None:
        """Without an endpoint there is no request."""
        assert build_direct_end_session(WITHOUT, Secret("t"), "hub") is None

    @pytest.mark.parametrize(
        ("chosen", "by_id_token", "direct"),
        [
            ("auto", True, True),
            ("auto", False, False),
            ("direct", False, True),
            ("browser", True, False),
        ],
    )
    def test_choice(self, chosen: Literal["auto", "browser", "direct"], by_id_token: bool, direct: bool) -> None:
        """The setting decides; `auto` leaves it to the dialect."""
        dialect = ProviderDialect(ends_session_by_id_token=by_id_token)

        assert direct == is_direct(dialect, settings(end_session=chosen))
