"""The house of `tests/web`: the whole hub between a real Redis, a provider that misbehaves on command, and an API."""

from tests.web.conftest import build_house, house, root

__all__ = ["build_house", "house", "root"]
