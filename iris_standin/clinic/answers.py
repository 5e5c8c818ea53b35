"""Answers that a proxy has to relay or to mend: echo, redirect, errors and challenges."""

from iris_standin.clinic.base import ClinicHandler
from iris_standin.clinic.errors import CspError


class HealthHandler(ClinicHandler):
    """Tells that the application runs; the only resource that needs no token."""

    needs_token = False

    def get(self) -> None:
        """Answer with a fixed document."""
        self.finish({"status": "ok"})


class EchoHandler(ClinicHandler):
    """Shows the request as it arrived."""

    def get(self) -> None:
        """Answer with method, headers, query and size of the body; of the token only whether it came, and its subject."""
        headers = [[name, value] for name, value in self.request.headers.get_all() if name != "Authorization"]
        self.finish(
            {
                "method": self.request.method,
                "path": self.request.path,
                "query": self.request.query.replace(self.caller.token, "***"),
                "headers": headers,
                "bearer": "Authorization" in self.request.headers,
                "subject": self.caller.subject,
                "body_bytes": len(self.request.body),
            }
        )

    head = post = put = patch = delete = options = get


class RedirectHandler(ClinicHandler):
    """A redirect with an absolute Location, as %response.Redirect makes it."""

    def get(self) -> None:
        """Answer 302."""
        self.redirect(f"{self.clinic.url}/patients")


class ErrorHandler(ClinicHandler):
    """A failure inside the application."""

    def get(self) -> None:
        """Answer 500 with an error status that carries internals, as applications do."""
        raise CspError(500, "<UNDEFINED>zReport+3^Clinic.REST.1", "*patient")


class ForbiddenHandler(ClinicHandler):
    """A missing permission."""

    def get(self) -> None:
        """Answer 403."""
        raise CspError(403, "InsufficientScope")


class UnauthorizedHandler(ClinicHandler):
    """A rejection without a word, even of a good token."""

    def get(self) -> None:
        """Answer 401 with an empty body and no challenge."""
        self.set_status(401)
        self.set_header("Content-Length", 0)
        self.finish()


class BasicHandler(ClinicHandler):
    """A rejection that makes a browser open its own password dialog, if it gets that far."""

    def get(self) -> None:
        """Answer 401 with a Basic challenge."""
        self.set_status(401)
        self.set_header("WWW-Authenticate", 'Basic realm="clinic"')
        self.finish()


class UnknownHandler(ClinicHandler):
    """Every other path."""

    async def prepare(self) -> None:
        """Answer 404, to those who have a token."""
        await super().prepare()
        if self._finished:
            return
        raise CspError(404, "UnknownResource", self.request.path)
