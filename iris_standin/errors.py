"""What the authorization server refuses, in three forms: a JSON error, an error redirect, or a plain page.

OAuthError            RFC 6749 section 5.2: JSON at token, introspection, revocation and logout endpoint
AuthorizationRefused  RFC 6749 section 4.1.2.1: a redirect to the client with `error`
UnexpectedRequest     the client or its redirect URI is not known, so there is nowhere to redirect to
"""


class OAuthError(Exception):
    """A refusal as JSON.

    Attributes:
        error: Code of RFC 6749 section 5.2, or of the extension that defines the endpoint.
        description: `error_description`.
        status: HTTP status code.
        challenge: Value of `WWW-Authenticate`; empty for none.
    """

    def __init__(self, error: str, description: str = "", *, status: int = 400, challenge: str = "") -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.challenge = challenge

    def as_json(self) -> dict[str, str]:
        """Return the members of the error response."""
        document = {"error": self.error}
        if self.description:
            document["error_description"] = self.description
        return document


class AuthorizationRefused(Exception):
    """A refusal that the client hears about through the browser: `error` and `description` join its redirect URI."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


class UnexpectedRequest(Exception):
    """A refusal that only the person at the browser sees; `subject` names the part that was not expected."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"Unexpected request - {subject}")
