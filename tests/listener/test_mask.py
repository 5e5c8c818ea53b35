"""The mask of WebSocket frames, held against the definition of RFC 6455 section 5.3, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.listener.mask import SHORT_BYTES, apply_mask

MASK = b"\x37\xfa\x21\x3d"


def by_definition(mask: bytes, data: bytes) -> bytes:
    """Return what RFC 6455 says: byte i is combined with byte i modulo 4 of the mask."""
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def test_example_of_the_rfc() -> None:
    """RFC 6455 section 5.7: a masked text message that says "Hello"."""
    assert apply_mask(MASK, b"\x7f\x9f\x4d\x51\x58") == b"Hello"


@pytest.mark.parametrize("size", [*range(10), *range(SHORT_BYTES - 4, SHORT_BYTES + 6), 65_535, 65_536])
def test_every_way_to_do_it(size: int) -> None:
    """Short and long data are masked in two ways, which give the same, whatever remains of the last four bytes."""
    data = (bytes(range(251)) * (size // 251 + 1))[:size]

    assert apply_mask(MASK, data) == by_definition(MASK, data)


@given(st.binary(min_size=4, max_size=4), st.binary(max_size=2 * SHORT_BYTES))
def test_any_mask(mask: bytes, data: bytes) -> None:
    """Any mask, zeros at either end of it too."""
    assert apply_mask(mask, data) == by_definition(mask, data)
