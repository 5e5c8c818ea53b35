"""Everything that can go wrong for a caller, as one tree; each member is one RFC 9457 problem.

    HubError
      BadRequest                    400  the request cannot be understood
        InvalidPath                 400  a path that could escape from its route
        LoginFailed                 400  the authorization response cannot be used
          LoginExpired              400  its state is unknown, or was used already
      NotAuthenticated              401  no session: log in
        SessionEnded                401  there was one, and it ended for a reason
        StepUpRequired              401  the login is too old, or too weak, for this part of the API: log in again
      RequestRefused                403  CSRF proof, Origin or Fetch Metadata say that this is not our page
      TokenNotIssued                403  the provider issues no token for this part of the API
      NotFound                      404
        RouteNotFound               404  no route of the settings covers the path
      MethodNotAllowed              405
      KeyReused                     422  the idempotency key belongs to another request
      KeyWithdrawn                  409  the client was told that this request was never executed, so it never is
      AnswerNotKept                 410  the request was carried out; its answer was too large to keep for a repetition
      OutcomeUnknown                502  the request ran on a node that died: nobody knows how it ended
      UploadStalled                 408  the browser stopped sending the body
      ClientStalled                 408  the client gives no credit for the rest of an answer
      BodyTooLarge                  413
      HeadersTooLarge               431
      TooManyRequests               429
      Conflict                      409  the session changed under a writer
      IdentityChanged               409  the page belongs to a user who is no longer the one that is logged in
      StoreUnavailable              503  Redis does not answer; nothing is known about the session
      ProviderUnavailable           503  the OpenID Provider does not answer, or not now
        ProviderRejectedClient      503  client id or secret are wrong: the operator's to mend
      ProviderMisbehaved            502  the OpenID Provider answered something that cannot be accepted
      LicensesExhausted             503  IRIS has no licence unit free for another session
      ResourceServerUnreachable     502  nothing was sent: repeating is safe
      ResourceServerBroken          502  the answer broke off, or is no HTTP
      ResourceServerTimeout         504  no answer in time
      DeadlineExceeded              504  the caller's own time limit ran out
      ShuttingDown                  503  this node is being stopped

A status that comes from the resource server is an answer and never appears here, with one exception: a server that has no licence
unit for a request has not looked at it. Otherwise only the absence of an answer does.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

Processed = Literal["never", "maybe"]

LOGIN_URL = "/hub/login"


@dataclass(frozen=True, slots=True)
class Problem:
    """An RFC 9457 problem: what a person or a program reads when a request failed.

    Attributes:
        type: A URN that names the kind; programs compare this.
        title: The kind in words; the same for every occurrence.
        status: HTTP status code.
        detail: This occurrence in words, and what to do about it.
        extensions: Further members, such as `login_url`.
    """

    type: str
    title: str
    status: int
    detail: str = ""
    extensions: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the members in the order in which a person wants to read them."""
        document: dict[str, Any] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            document["detail"] = self.detail
        return document | self.extensions


class HubError(Exception):
    """Base of all errors that a caller of the hub may see.

    Attributes:
        status: HTTP status code.
        slug: Last part of the problem type `urn:hub:problem:<slug>`.
        title: The kind of error in words.
        temporary: Whether the same request may succeed later without anybody changing anything.
        processed: `never` when the resource server certainly did not see the request, so that repeating it is safe.
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
    """The request cannot be understood; sending it again changes nothing."""

    status, slug, title = 400, "bad-request", "The request cannot be understood"


class InvalidPath(BadRequest):
    """The path holds something with which it could escape from its route."""

    slug, title = "invalid-path", "The path is not allowed"


class LoginFailed(BadRequest):
    """The authorization response cannot be used; the person may try to log in again."""

    slug, title = "login-failed", "The login did not succeed"


class LoginExpired(LoginFailed):
    """The `state` of the authorization response is unknown: expired, used already, or not from here."""

    slug, title = "login-expired", "The login has expired"


class NotAuthenticated(HubError):
    """No session belongs to this browser; the extension `login_url` is where to get one."""

    status, slug, title = 401, "not-authenticated", "You are not logged in"

    def __init__(self, detail: str = "", **extensions: Any) -> None:
        super().__init__(detail, login_url=LOGIN_URL, **extensions)


class SessionEnded(NotAuthenticated):
    """The session of this browser has ended; the extension `reason` says why."""

    slug, title = "session-ended", "Your session has ended"


class StepUpRequired(NotAuthenticated):
    """There is a session, but its login is too old or too weak (RFC 9470); `login_url` leads to one that is good enough."""

    slug, title = "step-up-required", "Log in again to go on"

    def __init__(self, detail: str = "", *, max_age: int | None = None, acr_values: str = "", provider: str = "") -> None:
        wanted = {"provider": provider, "max_age": "" if max_age is None else str(max_age), "acr_values": acr_values}
        super().__init__(detail, **{name: value for name, value in wanted.items() if value and name != "provider"})
        self.extensions["login_url"] = f"{LOGIN_URL}?{urlencode({name: value for name, value in wanted.items() if value})}"


class RequestRefused(HubError):
    """CSRF proof, Origin or Fetch Metadata say that the request does not come from our own page."""

    status, slug, title = 403, "request-refused", "The request was refused"


class TokenNotIssued(HubError):
    """The provider refused a token for the audience or the scopes of a route. The request was not sent with another one."""

    status, slug, title = 403, "token-not-issued", "The login service gives no access to this part of the API"


class NotFound(HubError):
    """Nothing is served under this path."""

    status, slug, title = 404, "not-found", "There is nothing here"


class RouteNotFound(NotFound):
    """No route of the settings covers the path."""

    slug, title = "route-not-found", "No route leads there"


class MethodNotAllowed(HubError):
    """The route exists but does not take this method; the extension `allow` lists those that it takes."""

    status, slug, title = 405, "method-not-allowed", "The method is not allowed here"


class Conflict(HubError):
    """The session was changed by somebody else between reading and writing."""

    status, slug, title, temporary = 409, "conflict", "The session was changed meanwhile", True


class IdentityChanged(HubError):
    """Another user has logged in in this browser since the page was loaded. The request did not run as either of them."""

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
    """The header fields are more, or larger, than allowed."""

    status, slug, title = 431, "headers-too-large", "The header fields are too large"


class StoreUnavailable(HubError):
    """Redis does not answer. Nothing is known about the session: it is neither valid nor gone."""

    status, slug, title, temporary = 503, "store-unavailable", "The session store does not answer", True


class ProviderUnavailable(HubError):
    """The OpenID Provider does not answer, or asks to come back later."""

    status, slug, title, temporary = 503, "provider-unavailable", "The login service does not answer", True


class ProviderRejectedClient(ProviderUnavailable):
    """The provider answered `invalid_client`: client id or secret are wrong, which only the operator can mend."""

    slug, title, temporary = "provider-rejected-client", "The login service does not accept this hub", False


class ProviderMisbehaved(HubError):
    """The OpenID Provider answered something that must not be accepted, such as an ID token with a wrong signature."""

    status, slug, title = 502, "provider-misbehaved", "The login service gave an answer that cannot be accepted"


class LicensesExhausted(HubError):
    """IRIS answered that it has no licence unit free, so it did not carry out the request."""

    status, slug, title, temporary = 503, "iris-license-exhausted", "The API has no licence free", True


class ResourceServerUnreachable(HubError):
    """No connection to the resource server could be made, so it did not see the request."""

    status, slug, title, temporary = 502, "resource-server-unreachable", "The API cannot be reached", True


class ResourceServerBroken(HubError):
    """The resource server closed the connection without an answer, or answered something that is no HTTP."""

    status, slug, title, temporary = 502, "resource-server-broken", "The API broke off", True
    processed = "maybe"


class ResourceServerTimeout(HubError):
    """The resource server took the request but sent no answer in time; its outcome is unknown."""

    status, slug, title, temporary = 504, "resource-server-timeout", "The API did not answer in time", True
    processed = "maybe"


class KeyReused(HubError):
    """The idempotency key came before, with another method, path or body."""

    status, slug, title = 422, "key-reused", "The key belongs to another request"


class KeyWithdrawn(HubError):
    """The request was given up before it was sent; with this key it is never executed any more."""

    status, slug, title = 409, "key-withdrawn", "The request was given up before it was sent"


class AnswerNotKept(HubError):
    """The request was carried out; the extension `answered_status` says with which status."""

    status, slug, title = 410, "answer-not-kept", "The request was carried out, but its answer was not kept"
    processed = "maybe"


class OutcomeUnknown(HubError):
    """The request was under way when its node died, or it was cancelled."""

    status, slug, title = 502, "outcome-unknown", "It is not known whether the request was carried out"
    processed = "maybe"


class ClientStalled(HubError):
    """The client has given no credit for an answer for too long; only seen as the reason of a reset."""

    status, slug, title = 408, "client-stalled", "The client took nothing of the answer for too long"
    processed = "maybe"


class DeadlineExceeded(HubError):
    """The time that the caller gave to the request ran out before the answer was there."""

    status, slug, title, temporary = 504, "deadline-exceeded", "The request took longer than its time limit", True
    processed = "maybe"


class ShuttingDown(HubError):
    """This node is being stopped; another one, or this one in a moment, will answer."""

    status, slug, title, temporary = 503, "shutting-down", "The hub is restarting", True
