"""hub.login.login_parameters: what the address of a login may ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadRequest
from hub.login.login_parameters import LoginParameters, parse_login_parameters

NAMES = ["prompt", "max_age", "acr_values", "login_hint", "ui_locales"]


def test_nothing() -> None:
    """Without parameters, with empty ones, or with unknown names, nothing is asked for."""
    query = {"prompt": [""], "max_age": [""], "return_to": ["/x"], "provider": ["lab"], "request_uri": ["https://evil.example"]}

    assert parse_login_parameters({}) == parse_login_parameters(query) == LoginParameters()
    assert LoginParameters().as_request() == {}


def test_everything() -> None:
    """Each parameter goes to the provider as it came; words that stand there twice, once."""
    query = {
        "prompt": ["login consent"],
        "max_age": ["0"],
        "acr_values": ["urn:mace:gold silver silver"],
        "login_hint": ["alice@example.org"],
        "ui_locales": ["de-AT en"],
    }

    assert parse_login_parameters(query).as_request() == {
        "prompt": "login consent",
        "max_age": "0",
        "acr_values": "urn:mace:gold silver",
        "login_hint": "alice@example.org",
        "ui_locales": "de-AT en",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", "none"),  # ASVS 7.6.2
        ("prompt", "login none"),
        ("prompt", "login  consent"),
        ("max_age", "-1"),
        ("max_age", "1.5"),
        ("max_age", "٣"),
        ("max_age", "99999999"),
        ("max_age", "1e3"),
        ("acr_values", 'a"b'),
        ("acr_values", "a\\b"),
        ("acr_values", "a" * 129),
        ("acr_values", " ".join(f"a{number}" for number in range(11))),
        ("login_hint", "a\nb"),
        ("login_hint", "a" * 257),
        ("ui_locales", "de_AT"),
        ("ui_locales", "en;q=1"),
    ],
)
def test_refused(name: str, value: str) -> None:
    """What cannot be asked for is refused with the name of its parameter, and not passed on."""
    with pytest.raises(BadRequest, match=rf"^{name}: ") as caught:
        parse_login_parameters({name: [value]})

    assert len(value) < 8 or value not in caught.value.detail


@pytest.mark.parametrize("name", NAMES)
def test_twice(name: str) -> None:
    """A parameter that stands there twice could be read in two ways."""
    with pytest.raises(BadRequest, match=f"^{name}: may be given only once"):
        parse_login_parameters({name: ["1", "2"]})


@pytest.mark.parametrize("name", ["iss", "target_link_uri", "login_hint"])
def test_third_party(name: str) -> None:
    """C15: a login that another party begins (OpenID Connect Core 1.0 section 4) is refused; a hint alone is none."""
    if name == "login_hint":
        assert parse_login_parameters({name: ["alice"]}).login_hint == "alice"
    else:
        with pytest.raises(BadRequest, match=f"^{name}: "):
            parse_login_parameters({name: ["https://provider.example"]})


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=300), min_size=1, max_size=2)))
def test_any_query(query: dict[str, list[str]]) -> None:
    """What passes is in one line, of known names, and asks for what it asked for; all else is refused."""
    try:
        asked = parse_login_parameters(query)
    except BadRequest as error:
        assert error.detail.partition(":")[0] in NAMES
        return
    request = asked.as_request()

    assert set(request) <= set(query)
    assert all(value.isprintable() for value in request.values())
    assert parse_login_parameters({name: [value] for name, value in request.items()}) == asked
