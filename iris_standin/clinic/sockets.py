"""A WebSocket in the manner of %CSP.WebSocket: the token is checked at the upgrade, then everything comes back.

That a %CSP.WebSocket class can check a bearer token at its upgrade is inferred from its being a CSP page.
"""

from typing import Any

from tornado.websocket import WebSocketHandler

from iris_standin.clinic.base import Clinic, ClinicHandler


class EchoSocketHandler(WebSocketHandler, ClinicHandler):
    """Sends back what it gets. `close 4001 text` closes so; `who` is answered with the caller and what came with the upgrade."""

    runs_in_turn = False

    def initialize(self, clinic: Clinic) -> None:
        """Take the services (called by Tornado)."""
        ClinicHandler.initialize(self, clinic)

    def check_origin(self, origin: str) -> bool:
        """No browser comes here."""
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Prefer `echo.v2`."""
        return "echo.v2" if "echo.v2" in subprotocols else None

    async def on_message(self, message: str | bytes) -> None:
        """Answer one message."""
        if isinstance(message, str) and message.startswith("close "):
            _, code, reason = message.split(" ", 2)
            self.close(int(code), reason)
        elif message == "who":
            await self.write_message({"subject": self.caller.subject, "headers": sorted(set(self.request.headers))})
        else:
            await self.write_message(message, binary=isinstance(message, bytes))

    def on_close(self) -> None:
        """Note how it ended."""
        self.release()
        self.clinic.journal.close(self.entry, "closed", self.close_code or 1006)

    def on_finish(self) -> None:
        """Note nothing: an upgraded connection ends with `on_close`."""

    def on_connection_close(self, *args: Any) -> None:
        """End the socket, as Tornado does."""
        WebSocketHandler.on_connection_close(self)
