"""The headers of the browser that channels copy from their handshake."""

from hub.channel.browser_headers import browser_headers

HANDSHAKE = {"user-agent": "Firefox", "accept-language": "de, en;q=0.5", "cookie": "a=b", "pragma": "no-cache"}


def test_what_a_browser_adds_by_itself() -> None:
    """Those headers, and none that belongs to the handshake."""
    assert browser_headers(HANDSHAKE) == {"user-agent": "Firefox", "accept-language": "de, en;q=0.5"}


def test_each_keeps_its_name() -> None:
    """A header that is missing does not move the others."""
    assert browser_headers({"save-data": "on", "accept-language": "fr"}) == {"accept-language": "fr", "save-data": "on"}
    assert browser_headers({}) == {}


def test_equal_browsers_share_them() -> None:
    """Thousands of channels need the memory of one."""
    assert browser_headers(HANDSHAKE) is browser_headers(dict(HANDSHAKE))
