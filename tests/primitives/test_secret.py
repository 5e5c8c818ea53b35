"""A string that must not be printed."""

import copy
import dataclasses
import json
import pickle
import traceback

import pytest

from hub.primitives.secret import Secret, digest

VALUE = "correct horse battery staple"


@dataclasses.dataclass(frozen=True)
class Tokens:
    """A value with a secret in it."""

    access_token: Secret


@pytest.mark.parametrize(
    "text",
    [
        str(Secret(VALUE)),
        repr(Secret(VALUE)),
        f"{Secret(VALUE)}",
        f"{Secret(VALUE)!r}",
        "%s" % Secret(VALUE),  # noqa: UP031 - this way of formatting is what is tested
        repr([Secret(VALUE)]),
        repr(Tokens(Secret(VALUE))),
        str(ValueError(Secret(VALUE))),
        "".join(traceback.format_exception(ValueError(Secret(VALUE)))),
    ],
)
def test_is_never_shown(text: str) -> None:
    """However it is printed, only a mask is seen."""
    assert VALUE not in text
    assert "***" in text


def test_reveal() -> None:
    """A door gets the secret by asking for it."""
    assert Secret(VALUE).reveal() == VALUE


def test_is_not_written_by_accident() -> None:
    """JSON does not take it, and there is no dictionary of attributes to dump."""
    with pytest.raises(TypeError):
        json.dumps(Secret(VALUE))
    with pytest.raises(TypeError):
        vars(Secret(VALUE))


def test_equality() -> None:
    """Two secrets are equal if their values are, and never equal to the text itself."""
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret("other")
    assert Secret("sch\u00f6n") == Secret("sch\u00f6n")
    assert Secret(VALUE) != VALUE
    assert {Secret(VALUE), Secret(VALUE), Secret("other")} == {Secret("other"), Secret(VALUE)}


def test_emptiness() -> None:
    """An empty secret counts as missing."""
    assert not Secret("")
    assert Secret(VALUE)


def test_copies() -> None:
    """Copying keeps the value, as `dataclasses.replace` and worker processes need."""
    assert copy.deepcopy(Secret(VALUE)) == Secret(VALUE)
    assert pickle.loads(pickle.dumps(Secret(VALUE))) == Secret(VALUE)  # noqa: S301 - our own bytes


def test_digest() -> None:
    """The digest is SHA-256 in hexadecimal (FIPS 180-4, example of one block)."""
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
