"""The client's address behind trusted proxies (S13 of RFC 9700: inbound headers are sanitised)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("10.0.0.1", ["203.0.113.7:5123"], "203.0.113.7"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.7:5123"], "203.0.113.7"),
        ("10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", ["2001:DB8::7"], "2001:db8::7"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2:80"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.7:"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7:123456"], "10.0.0.1"),
        ("10.0.0.1", ["[2001:db8::7"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7:80\n"], "10.0.0.1"),
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


BY_FORWARDED = TrustedProxies(["10.0.0.0/8", "::1"], "forwarded")


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (["for=203.0.113.7"], "203.0.113.7"),
        (['for="203.0.113.7:5123"'], "203.0.113.7"),
        (['For="[2001:db8::7]:443";proto=https'], "2001:db8::7"),
        (['for="[2001:db8::7]"'], "2001:db8::7"),
        (["proto=https; for=203.0.113.7 ;by=10.0.0.1"], "203.0.113.7"),
        (["for=6.6.6.6, for=203.0.113.7"], "203.0.113.7"),
        (["for=6.6.6.6", 'for="203.0.113.7:1",for=10.0.0.2'], "203.0.113.7"),
        (['for=", for=203.0.113.7'], "203.0.113.7"),
        (['x, for=203.0.113.7;host="a, for=6.6.6.6"'], "203.0.113.7"),
        (["for=203.0.113.7, for=unknown"], "10.0.0.1"),
        (['for=203.0.113.7, for="_hidden"'], "10.0.0.1"),
        (["for=203.0.113.7, proto=https"], "10.0.0.1"),
        (["for=203.0.113.7, "], "10.0.0.1"),
        (["203.0.113.7"], "10.0.0.1"),
        (["," * 5000 + "for=203.0.113.7"], "203.0.113.7"),
        ([""], "10.0.0.1"),
    ],
)
def test_forwarded(forwarded: list[str], expected: str) -> None:
    """The header of RFC 7239 is read from its end, so that nothing a client wrote before it changes its meaning."""
    assert client_address("10.0.0.1", forwarded, BY_FORWARDED) == expected


@given(st.text('for=";,[]:1.2 \\_ab', max_size=40))
def test_nothing_before_the_last_hop_counts(written: str) -> None:
    """Whatever a client writes into the header: the address is what the proxy appends."""
    assert client_address("10.0.0.1", [written, "for=203.0.113.7"], BY_FORWARDED) == "203.0.113.7"
    assert client_address("10.0.0.1", [written, "203.0.113.7:80"], TRUSTED) == "203.0.113.7"
