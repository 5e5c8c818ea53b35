"""Counts the request headers that did not pass, and logs each name once for each route."""

from collections.abc import Sequence

from hub.config.header_names import refusal
from hub.gateway.routes import Route
from hub.telemetry import log
from hub.telemetry.metrics import Metrics

MAX_NAMES = 64  # for each route: clients choose the names, so they must not fill memory or log
MAX_LENGTH = 64  # characters of a name that are stored and logged

logger = log.get(__name__)


class DroppedHeaders:
    """The names that were dropped on each route, for the log and for operators. Each worker has its own."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._names: dict[str, set[str]] = {}

    def note(self, route: Route, names: Sequence[str]) -> None:
        """Count dropped headers of one request, and log the names that are new on this route.

        Parameters:
            names: Their names as they were written.
        """
        self._metrics.dropped_headers.inc(len(names))
        known = self._names.setdefault(route.prefix, set())
        if len(known) >= MAX_NAMES:
            return
        for name in {name.lower()[:MAX_LENGTH] for name in names} - known:
            if len(known) < MAX_NAMES:
                known.add(name)
                logger.warning("request_header.dropped", route=route.prefix, header=name, advice=advice(name))
        if len(known) == MAX_NAMES:
            logger.warning("request_header.dropped_names_full", route=route.prefix, limit=MAX_NAMES)

    def names(self) -> dict[str, list[str]]:
        """Return the names by the prefix of their route, sorted."""
        return {prefix: sorted(names) for prefix, names in self._names.items()}


def advice(name: str) -> str:
    """Return what an operator can do about a dropped header."""
    if refusal(name) is not None:
        return "It never passes, because servers trust such names. Use another name in the application."
    return f'Add pass_request_headers = ["{name}"] to the route if the API needs it.'
