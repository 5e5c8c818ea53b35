"""Errors of the REST application in the form of %CSP.REST: `{"errors": [...], "summary": ...}`, or plain text."""

import json
from typing import Any

GENERAL_EXCEPTION = 5001


class CspError(Exception):
    """An error status that the application reports.

    Attributes:
        status: HTTP status code.
        name: Name of the exception, the first of `params`.
        data: Particulars, the last of `params`.
        challenge: Value of `WWW-Authenticate`; empty for none.
    """

    def __init__(self, status: int, name: str, data: str = "", *, challenge: str = "") -> None:
        super().__init__(name)
        self.status = status
        self.name = name
        self.data = data
        self.challenge = challenge

    @property
    def summary(self) -> str:
        """The error as one line of text; a real server localises it."""
        return f"ERROR #5035: General exception Name '{self.name}' Code '{GENERAL_EXCEPTION}' Data '{self.data}'"

    def as_json(self) -> dict[str, Any]:
        """Return the members of the error document."""
        error = {
            "code": 5035,
            "domain": "%ObjectErrors",
            "error": self.summary,
            "id": "GeneralException",
            "params": [self.name, GENERAL_EXCEPTION, self.data],
        }
        return {"errors": [error], "summary": self.summary}


def rendered(error: CspError, accept: str) -> tuple[str, str]:
    """Return content type and body for a client with this `Accept`: JSON only if it takes that."""
    if not accept or any(kind in accept for kind in ("application/json", "application/*", "*/*")):
        return "application/json; charset=utf-8", json.dumps(error.as_json())
    return "text/plain; charset=utf-8", error.summary
