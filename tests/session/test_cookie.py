"""The cookies: checklist B3-B8 of RFC 10017 section 6.1.3.2, and ASVS 3.3."""

import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.session.cookie import ATTEMPT_BYTES, AttemptLimits, Cookies, xsrf_token, xsrf_token_matches
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


def test_xsrf_cookie() -> None:
    """Angular reads the CSRF token from a cookie of this name, and scripts may read it."""
    session_id = SessionId.generate()

    assert SECURE.set_xsrf(session_id) == f"XSRF-TOKEN={session_id.xsrf_token}; Path=/; SameSite=Strict; Secure"


def test_login_cookie_is_lax() -> None:
    """The pre-login cookie is sent when a link of another site leads to the login form."""
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


LIMITS = AttemptLimits(10, 600.0)


def pair(line: str) -> str:
    """Return the cookie of a `Set-Cookie` value, as a browser sends it back."""
    return line.partition(";")[0]


class Jar:
    """The login attempts of a browser, which stores what it is told to."""

    def __init__(self, cookies: Cookies = SECURE) -> None:
        self.cookies = cookies
        self.stored: dict[str, str] = {"__Host-Http-hub": "A" * 43}

    @property
    def header(self) -> str:
        """The request header `Cookie`."""
        return "; ".join(f"{name}={value}" for name, value in self.stored.items())

    @property
    def attempts(self) -> list[str]:
        """The names of the attempts, the oldest first."""
        return [name for name in self.stored if "-login-" in name]

    def begin(self, size: int, at: float, header: str | None = None, limits: AttemptLimits = LIMITS) -> str:
        """Begin a login; return the key of its state."""
        state_key, known = secrets.token_hex(32), self.header if header is None else header
        for line in self.cookies.set_attempt(known, state_key, "A" * size, at, limits):
            name, _, value = pair(line).partition("=")
            self.stored.pop(name, None)
            if value:
                self.stored[name] = value
        return state_key


def test_attempt_cookie_attributes() -> None:
    """It comes back with the provider's redirect, only over HTTP, only to this host, and only while it can be used."""
    (line,) = SECURE.set_attempt("", "0123456789abcdef", "sealed", 1_700_000_000.5, LIMITS)

    assert pair(line) == "__Host-Http-hub-login-01234567=6553f100.sealed"
    assert attributes(line) == {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=600", "Secure"}
    assert pair(INSECURE.set_attempt("", "0123456789abcdef", "sealed", 0, LIMITS)[0]) == "hub-insecure-login-01234567=0.sealed"


def test_attempt_of_its_state() -> None:
    """Each state finds its own attempt, and a login in another tab does not overwrite it."""
    jar = Jar()
    first = jar.begin(100, 1)
    stale = jar.header
    second = jar.begin(101, 2)
    third = jar.begin(102, 2, header=stale)  # began at the same time as the second

    assert [len(SECURE.attempt(jar.header, key)) for key in (first, second, third, "ff" * 32)] == [100, 101, 102, 0]
    assert SECURE.clear_attempt(jar.header, "ff" * 32) == []
    assert [pair(line) for line in SECURE.clear_attempt(jar.header, second)] == [f"__Host-Http-hub-login-{second[:8]}="]


@given(st.lists(st.integers(0, 3900), max_size=30), st.integers(1, 12))
def test_attempts_are_bounded(sizes: list[int], count: int) -> None:
    """Together they have at most 4 KiB and at most so many, the newest stay, and the session cookie is never touched."""
    jar, begun = Jar(), []
    for at, size in enumerate(sizes):
        begun.append(f"__Host-Http-hub-login-{jar.begin(size, at, limits=AttemptLimits(count, 600.0))[:8]}")
        sent = "; ".join(f"{name}={jar.stored[name]}" for name in jar.attempts)
        assert len(sent) <= ATTEMPT_BYTES
        assert len(jar.attempts) <= count
        assert jar.attempts == begun[len(begun) - len(jar.attempts) :]
    assert "__Host-Http-hub" in jar.stored


def test_tabs_that_begin_at_the_same_time() -> None:
    """They overshoot the limit for the moment, and the next login brings the browser back below it."""
    jar = Jar()
    for _ in range(20):
        jar.begin(400, 1, header="")
    before = len(jar.attempts)
    newest = jar.begin(400, 2)

    assert (before, len(jar.attempts)) == (20, 9)
    assert SECURE.attempt(jar.header, newest)


def test_trimming() -> None:
    """Without a new attempt, the oldest ones beyond the limits go; within the limits, nothing does."""
    jar = Jar()
    for at in range(20):
        jar.begin(400, at, header="")
    lines = SECURE.trim_attempts(jar.header, LIMITS)

    assert sorted(pair(line).rstrip("=") for line in lines) == sorted(jar.attempts[: len(lines)])
    assert len(lines) == 11
    assert all("Max-Age=0" in line for line in lines)
    assert SECURE.trim_attempts(f"a=b; {jar.attempts[0]}=1.x", LIMITS) == []


@pytest.mark.parametrize("value", ["", ".", "x.sealed", "-1.sealed", "0x1.sealed", "f" * 400 + ".sealed", "1_0.sealed"])
def test_attempt_that_the_hub_did_not_set(value: str) -> None:
    """It counts as the oldest."""
    header = f"__Host-Http-hub-login-00000000={value}; __Host-Http-hub-login-11111111=1.{'A' * 100}"
    lines = SECURE.set_attempt(header, "2" * 64, "A" * 100, 2, AttemptLimits(2, 600.0))

    assert [pair(line).partition("=")[0][-8:] for line in lines] == ["22222222", "00000000"]


@given(st.text(alphabet=string.printable, max_size=200))
def test_any_cookie_header_with_attempts(header: str) -> None:
    """No header makes the reading of attempts fail."""
    assert "A" in SECURE.set_attempt(f"__Host-Http-hub-login-{header}", "2" * 64, "A", 2, LIMITS)[0]
    assert isinstance(SECURE.attempt(header, "2" * 64), str)


def test_restart_marker() -> None:
    """A browser that shows that it stores cookies may be sent round once in its lifetime."""
    marker = SECURE.set_restarted(60)

    assert attributes(marker) == {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=60", "Secure"}
    assert [SECURE.was_restarted(header) for header in ("", pair(marker), "__Host-Http-hub=x")] == [False, True, False]
    assert [SECURE.has_login(header) for header in ("", Jar().header, "__Host-Http-hub-login-01234567=1.x")] == [
        False,
        False,
        True,
    ]
