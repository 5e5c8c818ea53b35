"""Authorization of a request by its route, method and session. Pure."""

from hub.config.settings import MAIN_PROVIDER
from hub.errors import MethodNotAllowed, NotAuthenticated, StepUpRequired
from hub.gateway.routes import Route
from hub.session.model import Session


def authorise(route: Route, method: str, session: Session | None, now: float) -> None:
    """Return if the request may pass.

    An ended session never gets here: the lookup has raised `SessionEnded`.

    Raises:
        MethodNotAllowed: The route does not take the method; the extension `allow` lists the methods that it takes.
        NotAuthenticated: The route asks for a user, and nobody is logged in.
        StepUpRequired: The authentication is too old or of the wrong class for this route.
    """
    if method not in route.settings.methods:
        raise MethodNotAllowed(f"{route.prefix} does not allow {method}.", allow=list(route.settings.methods))
    if route.demand is None:
        return
    if session is None:
        raise NotAuthenticated("Log in to use this part of the API.")
    if _is_too_old(route, session, now) or _is_too_weak(route, session):
        raise step_up(
            session,
            max_age=int(route.settings.max_age_seconds) if route.settings.max_age_seconds else None,
            acr_values=" ".join(route.settings.acr_values),
        )


def step_up(session: Session, *, max_age: int | None, acr_values: str) -> StepUpRequired:
    """Return the error that asks the user of a session for step-up authentication at the same provider (RFC 9470)."""
    provider = "" if session.provider == MAIN_PROVIDER else session.provider
    detail = "This part of the API wants you to prove again who you are. Open login_url, with return_to added."
    return StepUpRequired(detail, max_age=max_age, acr_values=acr_values, provider=provider)


def _is_too_old(route: Route, session: Session, now: float) -> bool:
    return bool(route.settings.max_age_seconds) and session.is_login_older(route.settings.max_age_seconds, now)


def _is_too_weak(route: Route, session: Session) -> bool:
    return bool(route.settings.acr_values) and session.acr not in route.settings.acr_values
