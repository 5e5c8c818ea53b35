"""All errors that a caller may see, as one tree. Each class is one RFC 9457 problem.

    HubError
      BadRequest                    400  the request is not valid
        InvalidPath                 400  the path could escape from its route
        LoginFailed                 400  the authorization response cannot be used
          LoginExpired              400  its state is unknown or was used before
      NotAuthenticated              401  there is no session: log in
        SessionEnded                401  the session has ended; `reason` says why
        StepUpRequired              401  the login is too old or too weak for this part of the API: log in again
      RequestRefused                403  CSRF token, Origin or Fetch Metadata show that the request is not from our page
      ProviderNotAllowed            403  users of the session's provider may not use this part of the API
      TokenNotIssued                403  the provider issues no token for this part of the API
      NotFound                      404
        RouteNotFound               404  no route in the settings matches the path
      MethodNotAllowed              405
      KeyReused                     422  the idempotency key belongs to another request
      KeyWithdrawn                  409  the client was told that this request was never executed, so it will not be
      AnswerNotKept                 410  the request was executed; its response was too large to store
      OutcomeUnknown                502  the request ran on a node that crashed: its outcome is unknown
      UploadStalled                 408  the browser stopped sending the body
      ClientStalled                 408  the client gives no credit for the rest of a response
      BodyTooLarge                  413
      HeadersTooLarge               431
      TooManyRequests               429
      MisdirectedRequest            421  Host names another server
      Conflict                      409  the session was changed by another writer
      IdentityChanged               409  the page belongs to a user who is no longer logged in
      StoreUnavailable              503  Redis does not respond; nothing is known about the session
      ProviderUnavailable           503  the OpenID Provider does not respond, or asks to try again later
        ProviderRejectedClient      503  client ID or secret are wrong: the operator must fix them
      ProviderMisbehaved            502  the OpenID Provider sent a response that cannot be accepted
      LicensesExhausted             503  IRIS has no free license unit for another session
      ResourceServerBusy            503  all connections to the API are in use; nothing was sent
      ResourceServerUnreachable     502  nothing was sent: repeating is safe
      ResourceServerBroken          502  the response is incomplete or not valid HTTP
      ResourceServerTimeout         504  no response in time
      DeadlineExceeded              504  the caller's own time limit was reached
      ShuttingDown                  503  this node is being stopped

A response of the API, with any status, is not an error of the hub. The exception is LicensesExhausted: an IRIS server without a
free license unit has not executed the request.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

from hub.primitives.failure import ExpectedFailure

Processed = Literal["never", "maybe"]

LOGIN_URL = "/hub/login"


@dataclass(frozen=True, slots=True)
class Problem:
    """An RFC 9457 problem: the body of the response to a request that failed.

    Attributes:
        type: A URN that names the kind of problem, for programs.
        title: The kind of problem as text; the same for each occurrence.
        status: HTTP status code.
        detail: This occurrence as text, and what to do about it.
        extensions: Additional members, such as `login_url`.
    """

    type: str
    title: str
    status: int
    detail: str = ""
    extensions: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the members as a JSON object, `type` and `title` first."""
        document: dict[str, Any] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            document["detail"] = self.detail
        return document | self.extensions


class HubError(ExpectedFailure):
    """Base class of all errors that a caller of the hub may see.

    Attributes:
        status: HTTP status code.
        slug: Last part of the problem type `urn:hub:problem:<slug>`.
        title: The kind of error as text.
        temporary: Whether the same request may succeed later without a change of settings or data.
        processed: `never` if the API certainly did not see the request, so that repeating it is safe; otherwise `maybe`.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "The hub failed"
    temporary: ClassVar[bool] = False
    processed: Processed = "never"

    def __init__(self, detail: str = "", *, retry_after_seconds: float | None = None, **extensions: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds
        self.extensions = extensions

    def problem(self) -> Problem:
        """Return this error as an RFC 9457 problem."""
        return Problem(f"urn:hub:problem:{self.slug}", self.title, self.status, self.detail, self.extensions)


class BadRequest(HubError):
    """The request is not valid; repeating it does not help."""

    status, slug, title = 400, "bad-request", "The request is not valid"


class InvalidPath(BadRequest):
    """The path contains something with which it could escape from its route."""

    slug, title = "invalid-path", "The path is not allowed"


class LoginFailed(BadRequest):
    """The authorization response cannot be used; the user may log in again."""

    slug, title = "login-failed", "The login did not succeed"


class LoginExpired(LoginFailed):
    """The `state` of the authorization response is unknown: expired, used before, or not issued by this hub."""

    slug, title = "login-expired", "The login has expired"


class NotAuthenticated(HubError):
    """This browser has no session; the extension `login_url` is where to log in."""

    status, slug, title = 401, "not-authenticated", "You are not logged in"

    def __init__(self, detail: str = "", **extensions: Any) -> None:
        super().__init__(detail, login_url=LOGIN_URL, **extensions)


class SessionEnded(NotAuthenticated):
    """The session of this browser has ended; the extension `reason` says why."""

    slug, title = "session-ended", "Your session has ended"


class StepUpRequired(NotAuthenticated):
    """The login of the session is too old or too weak (RFC 9470); `login_url` requests one that is sufficient."""

    slug, title = "step-up-required", "Log in again to continue"

    def __init__(self, detail: str = "", *, max_age: int | None = None, acr_values: str = "", provider: str = "") -> None:
        wanted = {"provider": provider, "max_age": "" if max_age is None else str(max_age), "acr_values": acr_values}
        super().__init__(detail, **{name: value for name, value in wanted.items() if value and name != "provider"})
        self.extensions["login_url"] = f"{LOGIN_URL}?{urlencode({name: value for name, value in wanted.items() if value})}"


class RequestRefused(HubError):
    """CSRF token, Origin or Fetch Metadata show that the request does not come from our own page."""

    status, slug, title = 403, "request-refused", "The request was refused"


class ProviderNotAllowed(HubError):
    """Users of the session's provider may not use this; `login_url` leads to a login at a provider whose users may."""

    status, slug, title = 403, "provider-not-allowed", "Users of another login service may use this"


class TokenNotIssued(HubError):
    """The provider refused a token for the audience or the scopes of a route. The request was not sent with another token."""

    status, slug, title = 403, "token-not-issued", "The login service issues no token for this part of the API"


class NotFound(HubError):
    """Nothing is served under this path."""

    status, slug, title = 404, "not-found", "There is nothing here"


class RouteNotFound(NotFound):
    """No route in the settings matches the path."""

    slug, title = "route-not-found", "No route matches the path"


class MethodNotAllowed(HubError):
    """The route does not allow this method; the extension `allow` lists those that it allows."""

    status, slug, title = 405, "method-not-allowed", "The method is not allowed here"


class MisdirectedRequest(HubError):
    """`Host` names another server than this hub (RFC 9110 section 15.5.20)."""

    status, slug, title = 421, "misdirected-request", "The request is for another host"


class Conflict(HubError):
    """Another writer changed the session between reading and writing."""

    status, slug, title, temporary = 409, "conflict", "The session was changed in the meantime", True


class IdentityChanged(HubError):
    """Another user has logged in in this browser since the page was loaded. The request was not executed."""

    status, slug, title = 409, "identity-changed", "Another user is logged in now"


class UploadStalled(HubError):
    """The browser announced a body and then stopped sending it."""

    status, slug, title, temporary = 408, "upload-stalled", "The upload stopped", True
    processed = "maybe"


class BodyTooLarge(HubError):
    """The body is larger than its route allows."""

    status, slug, title = 413, "body-too-large", "The body is too large"


class TooManyRequests(HubError):
    """A limit on concurrent or queued requests is reached."""

    status, slug, title, temporary = 429, "too-many-requests", "Too many requests at once", True


class HeadersTooLarge(HubError):
    """There are more request headers than allowed, or they are larger."""

    status, slug, title = 431, "headers-too-large", "The request headers are too large"


class StoreUnavailable(HubError):
    """Redis does not respond, so it is unknown whether the session is valid."""

    status, slug, title, temporary = 503, "store-unavailable", "The session store does not respond", True


class ProviderUnavailable(HubError):
    """The OpenID Provider does not respond, or asks to try again later."""

    status, slug, title, temporary = 503, "provider-unavailable", "The login service does not respond", True


class ProviderRejectedClient(ProviderUnavailable):
    """The provider responded `invalid_client`: client ID or secret are wrong, and the operator must fix them."""

    slug, title, temporary = "provider-rejected-client", "The login service does not accept this hub", False


class ProviderMisbehaved(HubError):
    """The OpenID Provider sent a response that must not be accepted, such as an ID token with a wrong signature."""

    status, slug, title = 502, "provider-misbehaved", "The login service sent a response that cannot be accepted"


class LicensesExhausted(HubError):
    """IRIS has no free license unit, so it did not execute the request."""

    status, slug, title, temporary = 503, "iris-license-exhausted", "The API has no free license", True


class ResourceServerBusy(HubError):
    """All connections that the hub may open to the API are in use, so the API did not see the request."""

    status, slug, title, temporary = 503, "resource-server-busy", "The API is busy", True


class ResourceServerUnreachable(HubError):
    """The hub could not connect to the API, so the API did not see the request."""

    status, slug, title, temporary = 502, "resource-server-unreachable", "The API cannot be reached", True


class ResourceServerBroken(HubError):
    """The API closed the connection before its response was complete, or sent something that is not HTTP."""

    status, slug, title, temporary = 502, "resource-server-broken", "The API did not send a complete response", True
    processed = "maybe"


class ResourceServerTimeout(HubError):
    """The API accepted the request but did not respond in time; the outcome is unknown."""

    status, slug, title, temporary = 504, "resource-server-timeout", "The API did not respond in time", True
    processed = "maybe"


class KeyReused(HubError):
    """The idempotency key was used before, with another method, path or body."""

    status, slug, title = 422, "key-reused", "The idempotency key belongs to another request"


class KeyWithdrawn(HubError):
    """The request was withdrawn before it was sent; a request with this idempotency key is never executed."""

    status, slug, title = 409, "key-withdrawn", "The request was withdrawn before it was sent"


class AnswerNotKept(HubError):
    """The request was executed, but its response was not stored; the extension `answered_status` is its HTTP status."""

    status, slug, title = 410, "answer-not-kept", "The request was executed, but its response was not stored"
    processed = "maybe"


class OutcomeUnknown(HubError):
    """The node of the request crashed while the request ran, or the request was cancelled."""

    status, slug, title = 502, "outcome-unknown", "It is unknown whether the request was executed"
    processed = "maybe"


class ClientStalled(HubError):
    """The client gave no credit for a response for too long. Seen only as the reason of a reset."""

    status, slug, title = 408, "client-stalled", "The client did not accept the response in time"
    processed = "maybe"


class DeadlineExceeded(HubError):
    """The time limit that the caller set for the request was reached before the response began."""

    status, slug, title, temporary = 504, "deadline-exceeded", "The request took longer than its time limit", True
    processed = "maybe"


class ShuttingDown(HubError):
    """This node is being stopped. Another node, or this one after its restart, accepts requests."""

    status, slug, title, temporary = 503, "shutting-down", "The hub is restarting", True
