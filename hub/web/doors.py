"""Choose the door of a request by its path."""

from collections.abc import Mapping

from hub.listener.exchange import Exchange, Front, Receiver


class Doors:
    """The front of the public listener.

    Parameters:
        exact: Doors of single paths.
        prefixes: Doors of paths and of everything below them; the longest wins, however many there are.
        others: The door of all other paths.
    """

    def __init__(self, exact: Mapping[str, Front], prefixes: Mapping[str, Front], others: Front) -> None:
        self._exact = exact
        self._prefixes = prefixes
        self._others = others
        self._longest = max(map(len, prefixes), default=0)

    def open(self, exchange: Exchange) -> Receiver:
        """Hand the request to its door."""
        return self._door(exchange.head.path).open(exchange)

    def _door(self, path: str) -> Front:
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        at = len(path) if len(path) <= self._longest else path.rfind("/", 0, self._longest + 1)
        while at > 0:
            if (door := self._prefixes.get(path[:at])) is not None:
                return door
            at = path.rfind("/", 0, at)
        return self._others
