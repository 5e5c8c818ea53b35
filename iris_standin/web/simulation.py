"""`/__sim`: the switches for tests and the demo. Whoever reaches them may do everything: loopback only."""

import json

from tornado.web import RequestHandler

from iris_standin.authority import Authority
from iris_standin.csp import CspGateway
from iris_standin.journal import Journal
from iris_standin.options import OptionsError


class SimulationHandler(RequestHandler):
    """Base of the handlers of `/__sim`."""

    def initialize(self, authority: Authority, journal: Journal) -> None:
        """Take the services (called by Tornado)."""
        self.authority = authority
        self.journal = journal

    def compute_etag(self) -> None:
        """Send no ETag: the answers change."""

    def refuse(self, status: int, message: str) -> None:
        """Answer with an error and its reason."""
        self.set_status(status)
        self.finish({"error": message})


class OptionsHandler(SimulationHandler):
    """The toggles."""

    def get(self) -> None:
        """Answer with all toggles."""
        self.finish(self.authority.options.as_json())

    def post(self) -> None:
        """Change the toggles named in a JSON object, all or none; answer with all of them."""
        try:
            changes = json.loads(self.request.body)
            if not isinstance(changes, dict):
                raise OptionsError("The body must be a JSON object of option names and values.")
            self.authority.options = self.authority.options.changed(changes)
        except (ValueError, OptionsError) as error:
            self.refuse(400, str(error))
            return
        self.get()


class LogHandler(SimulationHandler):
    """The journal."""

    def get(self) -> None:
        """Answer with the requests so far; `?service=token` or `clinic` picks one kind."""
        service = self.get_argument("service", "")
        entries = [entry for entry in self.journal.as_json() if service in ("", entry["service"])]
        self.finish({"entries": entries})

    def delete(self) -> None:
        """Forget the requests so far."""
        self.journal.clear()
        self.set_status(204)


class LicensesHandler(RequestHandler):
    """The licence units that are taken."""

    def initialize(self, gateway: CspGateway) -> None:
        """Take the gateway (called by Tornado)."""
        self.gateway = gateway

    def get(self) -> None:
        """Answer with units and sessions, now and at most so far."""
        self.finish(self.gateway.as_json())

    def delete(self) -> None:
        """End all sessions, free all units, and count anew."""
        self.gateway.forget()
        self.set_status(204)


class IssuedHandler(SimulationHandler):
    """The secrets given out, for tests that search for leaks."""

    def get(self) -> None:
        """Answer with every secret by kind; 404 unless the stand-in was started with `expose_secrets`."""
        if self.authority.issued is None:
            self.refuse(404, "The stand-in was started without expose_secrets.")
            return
        self.set_header("Cache-Control", "no-store")
        self.finish({kind: list(values) for kind, values in self.authority.issued.items()})
