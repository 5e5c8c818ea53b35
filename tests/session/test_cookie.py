"""The cookies: checklist B3-B8 of RFC 10017 section 6.1.3.2, and ASVS 3.3."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.session.cookie import Cookies, xsrf_token, xsrf_token_matches
from hub.session.model import BrowserId, SessionId

SECURE = Cookies.for_transport(secure=True)
INSECURE = Cookies.for_transport(secure=False)


def attributes(line: str) -> set[str]:
    return set(line.split("; ")[1:])


def test_session_cookie_attributes() -> None:
    """B3-B8: Secure, HttpOnly, SameSite=Strict, Path=/, no Domain, and a prefix that proves an HTTP origin."""
    session_id = SessionId.generate()
    line = SECURE.set_session(session_id)[0]

    assert line.startswith(f"__Host-Http-hub={session_id.reveal()}; ")
    assert attributes(line) == {"Path=/", "HttpOnly", "SameSite=Strict", "Secure"}


def test_login_cookie_is_lax() -> None:
    """The pre-login cookie comes back with the provider's cross-site redirect."""
    assert {"SameSite=Lax", "HttpOnly", "Secure", "Max-Age=600"} < attributes(SECURE.set_login(BrowserId.generate(), 600))


def test_plain_http_uses_other_names() -> None:
    """Without https no cookie claims a prefix that the browser would refuse, and the name says what it is."""
    assert INSECURE.set_session(SessionId.generate())[0].startswith("hub-insecure=")
    assert "Secure" not in attributes(INSECURE.set_session(SessionId.generate())[0])


def test_cookies_are_small() -> None:
    """ASVS 3.3.5: name and value stay far below 4096 bytes."""
    assert all(len(line) < 200 for line in SECURE.set_session(SessionId.generate()))


@given(st.text(alphabet=string.printable, max_size=200))
def test_any_cookie_header_is_read(header: str) -> None:
    """No header makes the parser fail, and what it returns is well formed."""
    found = SECURE.session_id(header)

    assert found is None or SessionId.parse(found.reveal()) == found


@pytest.mark.parametrize("others", ["{0}", "a=b; {0}", " {0} ;a=b", "x__Host-Http-hub=1; {0}; __Host-Http-hub=second"])
def test_session_id_among_others(others: str) -> None:
    """The first cookie of the exact name counts."""
    session_id = SessionId.generate()

    assert SECURE.session_id(others.format(f"__Host-Http-hub={session_id.reveal()}")) == session_id


@pytest.mark.parametrize("value", ["", "short", "a" * 42, "a" * 44, "a" * 42 + "+", "ä" * 43])
def test_value_that_is_no_id(value: str) -> None:
    """Anything but 43 characters of base64url is no session id."""
    assert SECURE.session_id(f"__Host-Http-hub={value}") is None


def test_xsrf_token_belongs_to_one_session() -> None:
    """Angular's token proves its own session, and does not disclose the id."""
    mine, other = SessionId.generate(), SessionId.generate()

    assert xsrf_token_matches(mine, xsrf_token(mine))
    assert not xsrf_token_matches(mine, xsrf_token(other))
    assert not xsrf_token_matches(mine, "ä")
    assert mine.reveal() not in xsrf_token(mine)


def test_ids_are_random() -> None:
    """ASVS 7.2.3: 256 bits of the system's random source, known to Redis by hash only."""
    ids = {SessionId.generate().reveal() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(len(value) == 43 for value in ids)
    assert SessionId("x" * 43).key != "x" * 43
