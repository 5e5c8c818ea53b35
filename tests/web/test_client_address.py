"""The client's address behind trusted proxies (S13 of RFC 9700: inbound headers are sanitised)."""

import pytest

from hub.web.client_address import TrustedProxies, client_address

TRUSTED = TrustedProxies(["10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:1234"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::1", ["2001:db8::1"], "2001:db8::1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_client_address(peer: str, forwarded: list[str], expected: str) -> None:
    """Only what a trusted proxy wrote is believed, read from the right."""
    assert client_address(peer, forwarded, TRUSTED) == expected


def test_nobody_is_trusted_by_default() -> None:
    """Without the setting the header means nothing."""
    assert client_address("127.0.0.1", ["198.51.100.1"], TrustedProxies()) == "127.0.0.1"
