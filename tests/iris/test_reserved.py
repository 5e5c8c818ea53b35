"""What would act on the gateway of IRIS does not leave the hub, in whatever spelling."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.settings import RouteSettings
from hub.errors import RouteNotFound
from hub.gateway.paths import normalise_path
from hub.gateway.routes import RouteTable
from hub.iris.api import IRIS_API
from hub.iris.reserved import without_reserved
from tests.gateway.hostile_paths import without_short_ways

NAMES = [  # written out here: a name that the hub forgets must be missed
    "irisusername",
    "irispassword",
    "irisoldpassword",
    "irislogout",
    "irisloginpage",
    "irisnoredirect",
    "iristoken",
    "irissecuritytoken",
    "irissecuritysubmit",
    "irissecuritycancel",
    "irissubmit",
    "iriscancel",
    "cacheusername",
    "cachepassword",
    "cacheoldpassword",
    "cachelogout",
    "cacheloginpage",
    "cachenoredirect",
    "cachetoken",
    "cachesecuritytoken",
    "cachesecuritysubmit",
    "cachesecuritycancel",
    "cachesubmit",
    "cachecancel",
    "cspchd",
    "csptoken",
    "cspshare",
    "access_token",
]
ADMINISTRATION = [
    *(("csp", name) for name in ("sys", "bin", "documatic", "docbook")),
    *(("api", name) for name in ("atelier", "mgmnt", "admin", "monitor", "docdb", "iam", "interop-editors")),
    ("isc", "studio"),
    ("isc", "pki"),
    ("ui", "interop"),
    *(("oauth2", name) for name in ("authorize", "token", "userinfo", "revocation", "introspection", "register", "logout")),
]
TOKEN_ENDPOINTS = ["login", "refresh", "logout", "revoke"]
CLINIC = RouteSettings(prefix="/api", target="https://iris.example/csp/clinic")
ROOT = RouteSettings(prefix="/iris", target="https://iris.example")


def forwarded(path: str, query: str = "", route: RouteSettings = CLINIC) -> str:
    """Return the URL to which a request goes."""
    normal = normalise_path(path)
    return RouteTable([route], IRIS_API).resolve(normal).target_url(normal, query)


def spelt(name: str, upper: list[bool], encoded: list[bool], times: int) -> str:
    """Return a name in another case and encoding."""
    letters = [letter.upper() if big else letter for letter, big in zip(name, upper, strict=False)]
    text = "".join(f"%{ord(letter):02x}" if hide else letter for letter, hide in zip(letters, encoded, strict=False))
    for _ in range(times):
        text = quote(text)
    return text


@pytest.mark.parametrize("name", NAMES)
def test_reserved_parameter_is_left_out(name: str) -> None:
    """Each of them, as it is written and in capitals; what stands beside it stays in its order."""
    assert forwarded("/api/a", f"b=1&{name}=x&c=%20&{name.upper()}") == "https://iris.example/csp/clinic/a?b=1&c=%20"
    assert forwarded("/api/a", f"b=1&{name}=x&c=3&{name.upper()}") == "https://iris.example/csp/clinic/a?b=1&c=3"


@given(
    st.sampled_from(NAMES),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.integers(0, 2),
    st.sampled_from(["=x", "", "=", ";d=1", "%00=x", "+=x", "%3D=x"]),
)
def test_no_spelling_gets_through(name: str, upper: list[bool], encoded: list[bool], times: int, tail: str) -> None:
    """Case, percent-encoding once or more often, blanks, null characters, other separators."""
    assert without_reserved(f"a=1&{spelt(name, upper, encoded, times)}{tail}&z=2") == "a=1&z=2"


@given(st.lists(st.text("abcxyzIRSN=%2&;+_", max_size=12), max_size=5).map("&".join))
def test_what_is_left_is_as_it_was(query: str) -> None:
    """Nothing is re-encoded, and a second pass changes nothing."""
    passed = without_reserved(query)
    assert without_reserved(passed) == passed
    assert set(passed.split("&")) <= set(query.split("&")) | {""}


@given(
    st.sampled_from([*NAMES, "irisid", "page", "cached", "q"]),
    st.integers(0, 15),
    st.sampled_from(["", "+", " ", "%00", "%20", "_", "\u212a"]),
    st.sampled_from(["", "=1", "&a=1", ";b=2", "=iris"]),
    st.booleans(),
)
def test_the_short_way_leads_to_the_same_place(name: str, place: int, inside: str, tail: str, upper: bool) -> None:
    """A query that is told to hold nothing reserved holds nothing reserved, whatever is put into a name."""
    written = name[:place] + inside + name[place:]
    query = f"x=1&{written.upper() if upper else written}{tail}"
    short = without_reserved(query)
    with without_short_ways():
        assert short == without_reserved(query)


@pytest.mark.parametrize("query", ["q=iris", "irisid=7", "cache=no", "token=7", "logout=1", "username=ada", "a;b", ""])
def test_other_parameters_pass_unchanged(query: str) -> None:
    """An application may have parameters that only resemble them."""
    assert without_reserved(query) == query


@pytest.mark.parametrize("pair", ADMINISTRATION)
@pytest.mark.parametrize(
    "form", ["/iris/{0}/{1}/x", "/iris/{0}/{1}", "/iris/prefix/{0}/{1}/", "/iris/{0}/{1};v=1/x", "/iris/{0}/%2573%79s"]
)
def test_administration_is_not_for_browsers(pair: tuple[str, str], form: str) -> None:
    """Not below a route that leads to the whole instance, in whatever case or encoding."""
    if "%2573" in form and pair != ("csp", "sys"):
        form = "/iris/{0}/{1}"
    with pytest.raises(RouteNotFound):
        forwarded(form.format(*pair), route=ROOT)
    with pytest.raises(RouteNotFound):
        forwarded(form.format(pair[0].upper(), pair[1].title()), route=ROOT)


@pytest.mark.parametrize("name", TOKEN_ENDPOINTS)
@pytest.mark.parametrize("form", ["/api/{}", "/api/{}/", "/api/deeper/{}", "/api/{};v=1"])
def test_endpoints_that_hand_out_tokens_are_not_for_browsers(name: str, form: str) -> None:
    """The native JWT mode serves them below each application."""
    for spelling in (name, name.upper()):
        with pytest.raises(RouteNotFound):
            forwarded(form.format(spelling))


def test_a_route_may_name_them() -> None:
    """Whoever writes a route that leads there has meant it."""
    atelier = RouteSettings(prefix="/atelier", target="https://iris.example/api/atelier")
    refresh = RouteSettings(prefix="/stock", target="https://iris.example/csp/stock/refresh")
    views = RouteSettings(prefix="/views", target="https://iris.example/csp/views", token_endpoints=True)
    assert forwarded("/atelier/v1/user", route=atelier) == "https://iris.example/api/atelier/v1/user"
    assert forwarded("/views/7/refresh", route=views) == "https://iris.example/csp/views/7/refresh"
    assert forwarded("/stock", route=refresh) == "https://iris.example/csp/stock/refresh"


@pytest.mark.parametrize("path", ["/api/logins", "/api/refreshments", "/api/login/7", "/api/x.%25User.Class", "/api/csp"])
def test_what_only_resembles_them_passes(path: str) -> None:
    """Encoded class names pass unchanged too."""
    assert forwarded(path).endswith(path.removeprefix("/api"))
