"""The cookies that the hub keeps at resource servers."""

from hypothesis import given
from hypothesis import strategies as st

from hub.iris.api import IGNORED_COOKIES
from hub.session.jar import MAX_COOKIES, MAX_HEADER_BYTES, UpstreamCookieJar

EMPTY = UpstreamCookieJar(target="https://iris.example/csp/clinic", cookies={}, used_at=0.0)
SESSION = "CSPSESSIONID-SP-443-UP-csp-clinic-"


def after(*fields: str, jar: UpstreamCookieJar = EMPTY) -> str:
    """Return what is sent after these `Set-Cookie` fields."""
    return jar.after(fields, 10.0, IGNORED_COOKIES).header


def test_cookies_of_a_csp_session_are_kept() -> None:
    """Session and server affinity, without their attributes; a later value takes the place of an earlier one."""
    fields = (f"{SESSION}=abc; path=/csp/clinic/; httpOnly; sameSite=strict;", "CSPWSERVERID=node1; path=/")
    assert after(*fields) == f"{SESSION}=abc; CSPWSERVERID=node1"
    assert after(f"{SESSION}=def", jar=EMPTY.after(fields, 1.0)) == f"CSPWSERVERID=node1; {SESSION}=def"


def test_what_logs_in_without_a_password_is_not_kept() -> None:
    """CSPBrowserId and IRISSessionToken, in any case."""
    assert after("CSPBrowserId=x; path=/", "irissessiontoken=y") == ""


def test_cookies_that_the_server_takes_back() -> None:
    """Max-Age of zero or less, an end in the past, an empty value."""
    jar = EMPTY.after(["a=1", "b=2", "c=3", "d=4"], 1.0)
    gone = ("a=x; Max-Age=0", "b=x; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/", "c=; path=/", "d=5; Max-Age=60")
    assert after(*gone, jar=jar) == "d=5"


def test_freshness_leaves_a_margin() -> None:
    """A session that may be over when the next request arrives counts as over."""
    jar = EMPTY.after([f"{SESSION}=abc"], 100.0)
    assert jar.is_fresh(100.0 + 809.0, 900.0)
    assert not jar.is_fresh(100.0 + 811.0, 900.0)


def test_a_server_cannot_fill_the_store() -> None:
    """At most so many cookies, none of them longer than a cookie may be."""
    jar = EMPTY.after([f"c{number}=x" for number in range(100)], 1.0)
    assert len(jar.cookies) == MAX_COOKIES
    assert after(f"long={'x' * 5000}") == ""


def is_session(name: str) -> bool:
    """Return whether a cookie of these tests holds a session."""
    return name.startswith("session")


def test_a_jar_has_a_total_size() -> None:
    """Seventeen cookies of 4,000 bytes, one after another: the header stays within its bound, the newest are in it."""
    jar = EMPTY.after(["session=abc"], 1.0, is_session=is_session)
    for number in range(17):
        jar = jar.after([f"c{number}={'x' * 4000}"], 2.0, is_session=is_session)
        assert len(jar.header) <= MAX_HEADER_BYTES
        assert next(iter(jar.cookies)) == "session"
        assert f"c{number}" in jar.cookies


def test_the_session_is_not_dropped_for_the_number_of_cookies() -> None:
    """It was set first, and would be dropped first."""
    jar = EMPTY.after(["session=abc", *(f"c{number}=x" for number in range(100))], 1.0, is_session=is_session)
    assert (len(jar.cookies), list(jar.cookies)[:2]) == (MAX_COOKIES, ["session", "c81"])


def test_sessions_are_bounded_too() -> None:
    """An API that calls everything its session does not fill the header: the newest session stays."""
    fields = ["other=x", *(f"session{number}={'x' * 4000}" for number in range(5))]
    assert list(EMPTY.after(fields, 1.0, is_session=is_session).cookies) == ["session4"]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "session1", "session2"]), st.integers(0, 5000)), max_size=40))
def test_any_cookies_stay_within_the_bound(cookies: list[tuple[str, int]]) -> None:
    """Whatever is set in whichever order, and the session that was set last is there."""
    jar = EMPTY
    for name, size in cookies:
        jar = jar.after([f"{name}={'x' * size}"], 1.0, is_session=is_session)
        assert len(jar.header) <= MAX_HEADER_BYTES
        assert name in jar.cookies or not is_session(name) or not 0 < size <= 4096 - len(name) - 1


@given(st.lists(st.text(max_size=60), max_size=8))
def test_whatever_comes_no_header_is_forged(fields: list[str]) -> None:
    """What is sent holds pairs of a token and printable ASCII, and nothing that could end the field."""
    header = after(*fields)
    assert header.isprintable()
    assert header.isascii()
    pairs = [pair for pair in header.split("; ") if pair]
    assert all("=" in pair and ";" not in pair and "," not in pair for pair in pairs)
