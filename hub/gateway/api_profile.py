"""The interface of a profile: the peculiarities of the product that serves an API. Pure: profiles are built elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from hub.primitives.http import Headers

MAX_DOCUMENT_BYTES = 64 * 1024  # an error document that is larger, packed or unpacked, is not read


class PathRefusal(Protocol):
    """Says why a path is not for browsers. A callback upward: profiles lie above the gateway."""

    def __call__(self, path: str, target_path: str, *, token_endpoints: bool) -> str | None:
        """Return why the path is refused; None if it may pass.

        Parameters:
            path: The whole path at the API, decoded.
            target_path: Path of the route's target: whatever it contains was intended by whoever wrote the settings.
            token_endpoints: Whether endpoints that issue tokens may be reached.
        """


class BodyCheck(Protocol):
    """Checks the body of one request. A callback upward, as `PathRefusal`."""

    def feed(self, chunk: bytes) -> None:
        """Check the next chunk.

        Raises:
            BadRequest: The body is not for browsers to send.
        """

    def finish(self) -> None:
        """Check the end of the body. Errors as `feed`."""


class ErrorProblem(Protocol):
    """Translates error documents. A callback upward, as `PathRefusal`."""

    def __call__(self, status: int, document: Any, *, redacted: bool) -> dict[str, Any] | None:
        """Return the RFC 9457 problem for an error document, a JSON value; None if it is none.

        Parameters:
            redacted: Leave out texts and parameters, which may tell internals.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiProfile:
    """The peculiarities of one product. The pipeline calls it, and knows no product by name.

    Attributes:
        without_reserved: Returns a query without the parameters that act on the product itself.
        is_ordinary: Returns whether `path_refusal` certainly returns None for a plain path (`hub.gateway.paths.is_plain`).
        path_refusal: Says why a path is not for browsers.
        body_check: Returns what checks the body of a request with these headers; None if it needs no check. Raises `BadRequest`
            if the body cannot be checked.
        empty_refusal: Returns the problem for a response (status, length of its body) that refuses without a reason; None if it
            does not.
        may_be_error: Returns whether the body of a response (status, headers, length) has to be read for `error_problem`.
        error_problem: Translates the product's error documents.
        exhausted_status: Status with which the product refuses to open another session; None: it never does.
        session_cookies: Beginnings, in lower case, of the names of cookies that hold a session.
        ignored_cookies: Names, in lower case, of cookies that never enter a cookie jar.
    """

    without_reserved: Callable[[str], str]
    is_ordinary: Callable[[str], bool]
    path_refusal: PathRefusal
    body_check: Callable[[Headers], BodyCheck | None]
    empty_refusal: Callable[[int, int | None], dict[str, Any] | None]
    may_be_error: Callable[[int, Headers, int | None], bool]
    error_problem: ErrorProblem
    exhausted_status: int | None
    session_cookies: tuple[str, ...]
    ignored_cookies: frozenset[str]
