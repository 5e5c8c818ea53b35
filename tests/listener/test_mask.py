"""The mask of WebSocket frames, held against the definition of RFC 6455 section 5.3, byte by byte."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.listener.mask import apply_mask, mask_in_python

MASK = b"\x37\xfa\x21\x3d"
each_way = pytest.mark.parametrize("apply", [apply_mask, mask_in_python])
Mask = Callable[[bytes, bytes], bytes]


def by_definition(mask: bytes, data: bytes) -> bytes:
    """Return what RFC 6455 says: byte i is combined with byte i modulo 4 of the mask."""
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


@each_way
def test_example_of_the_rfc(apply: Mask) -> None:
    """RFC 6455 section 5.7: a masked text message that says "Hello"."""
    assert apply(MASK, b"\x7f\x9f\x4d\x51\x58") == b"Hello"


@each_way
@pytest.mark.parametrize("size", [*range(10), 65_535, 65_536])
def test_every_size(apply: Mask, size: int) -> None:
    """Machine code and Python give the same, whatever remains of the last four bytes."""
    data = (bytes(range(251)) * (size // 251 + 1))[:size]

    assert apply(MASK, data) == by_definition(MASK, data)


@each_way
@given(st.binary(min_size=4, max_size=4), st.binary(max_size=512))
def test_any_mask(apply: Mask, mask: bytes, data: bytes) -> None:
    """Any mask, zeros at either end of it too."""
    assert apply(mask, data) == by_definition(mask, data)
