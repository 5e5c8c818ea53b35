"""Header fields whose names go out in capitals, as parts of IRIS write them."""

from collections.abc import Iterable

from tornado.httputil import HTTPHeaders


class ShoutedHeaders(HTTPHeaders):
    """Fields as they were set, written in capitals."""

    def get_all(self) -> Iterable[tuple[str, str]]:
        """Yield every field under its name in capitals."""
        return ((name.upper(), value) for name, value in super().get_all())
