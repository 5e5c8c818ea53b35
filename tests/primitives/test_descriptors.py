"""How many file descriptors are kept free."""

import resource

import pytest

from hub.primitives.descriptors import descriptor_limit, effective_reserve


@pytest.mark.parametrize(("limit", "kept"), [(65536, 64), (256, 64), (100, 25), (0, 0)])
def test_reserve(limit: int, kept: int) -> None:
    """A small process keeps a fourth."""
    assert effective_reserve(limit, 64) == kept


@pytest.mark.parametrize(("limit", "known"), [(256, 256), (resource.RLIM_INFINITY, 0)])
def test_limit(monkeypatch: pytest.MonkeyPatch, limit: int, known: int) -> None:
    """The soft limit counts; none at all is 0."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, 1 << 20))

    assert descriptor_limit() == known
