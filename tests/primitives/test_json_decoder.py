"""hub.primitives.json_decoder: each text is decoded within its limits, or rejected with one kind of error."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.primitives.json_decoder import (
    MAX_DEPTH,
    JsonDecoder,
    UnexpectedJson,
    UnreadableJson,
    decode_any,
    decode_json_object,
    json_depth,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def depth_of(value: Any) -> int:
    """Return the nesting of a decoded value."""
    if isinstance(value, list | dict):
        items = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth_of, items), default=0)
    return 0


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_value(value: Any, ascii_only: bool, indent: int | None) -> None:
    """Every value is decoded as the standard library does, and its depth is measured without decoding it."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    assert (decode_any(text), decode_any(text.encode())) == (value, value)
    assert json_depth(text.encode()) == depth_of(value)


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.lists(st.sampled_from([b"[", b"]", b"{", b'"', b"\\", b":", b"1", b"\xff"])).map(b"".join)
)
def test_any_bytes(text: bytes) -> None:
    """No bytes raise anything but `UnreadableJson`."""
    try:
        decode_any(text)
    except UnreadableJson as error:
        assert str(error) != ""


@pytest.mark.parametrize("deep", [MAX_DEPTH, MAX_DEPTH + 1, 990, 30_000])
def test_depth(deep: int) -> None:
    """The limit is exact, and independent of the recursion limit of the interpreter."""
    text = b"[" * deep + b"]" * deep
    if deep <= MAX_DEPTH:
        decode_any(text)
    else:
        with pytest.raises(UnreadableJson, match="nested more than 64 levels"):
            decode_any(text)


def test_many_flat_brackets() -> None:
    """Only depth counts, and brackets in strings do not."""
    assert len(decode_any(b"[" + b",".join([b"[]"] * 5000) + b"]")) == 5000
    assert decode_any(json.dumps("[" * 5000 + '\\"{')) == "[" * 5000 + '\\"{'


@pytest.mark.parametrize("kind", [Any, msgspec.Raw])
def test_without_a_limit_of_depth(kind: Any) -> None:
    """The recursion limit of the interpreter is an `UnreadableJson` as well."""
    decoder: JsonDecoder[Any] = JsonDecoder(kind, max_depth=None)

    with pytest.raises(UnreadableJson, match="nested too deeply"):
        decoder.decode(b"[" * 60_000)


def test_size() -> None:
    """The text may have `max_bytes`, not one more."""
    decoder: JsonDecoder[Any] = JsonDecoder(Any, max_bytes=4)

    assert decoder.decode(b"1234") == 1234
    with pytest.raises(UnreadableJson, match="more than 4 bytes"):
        decoder.decode(b"12345")


@pytest.mark.parametrize("kind", [Any, msgspec.Raw, dict[str, Any], dict[str, msgspec.Raw]])
def test_invalid_utf8(kind: Any) -> None:
    """The first invalid byte is named, also in a value that msgspec only copies."""
    decoder: JsonDecoder[Any] = JsonDecoder(kind)

    with pytest.raises(UnreadableJson, match=r"byte 8 \(0xfc\) is not UTF-8"):
        decoder.decode(b'{"n": "M\xfcller"}')


def test_wrong_type() -> None:
    """JSON of another type is told from text that is not JSON."""
    with pytest.raises(UnexpectedJson):
        decode_json_object(b"[1]")
    with pytest.raises(UnreadableJson) as caught:
        decode_json_object(b"{")
    assert not isinstance(caught.value, UnexpectedJson)


def test_half_a_surrogate_pair() -> None:
    """A `str` that has no UTF-8 is rejected."""
    with pytest.raises(UnreadableJson):
        decode_any('"\ud800"')
