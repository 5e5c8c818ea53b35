"""What the rest of this room asks of the door to resource servers."""

from typing import Protocol

from hub.gateway.messages import ApiResponse
from hub.gateway.routes import Route
from hub.primitives.http import BodyStream, Headers


class Door(Protocol):
    """See `hub.gateway.resource_server.ResourceServer`, where the meaning is written."""

    async def send(
        self,
        route: Route,
        url: str,
        *,
        method: str,
        headers: Headers,
        body: bytes | BodyStream = b"",
        body_bytes: int | None = 0,
        timeout_seconds: float | None = None,
    ) -> ApiResponse:
        """Send one request and return its answer as soon as the head is there."""
