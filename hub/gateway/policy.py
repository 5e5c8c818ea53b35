"""Authorization of a request by its route, method and session. Pure."""

from hub.config.settings import MAIN_PROVIDER
from hub.errors import MethodNotAllowed, NotAuthenticated, ProviderNotAllowed, StepUpRequired
from hub.gateway.routes import ProviderTerms, Route
from hub.session.model import Session


def authorise(route: Route, method: str, session: Session | None, now: float) -> ProviderTerms | None:
    """Return the terms of the route for this user if the request may pass; None if the route needs no user.

    An ended session never gets here: the lookup has raised `SessionEnded`.

    Raises:
        MethodNotAllowed: The route does not take the method; the extension `allow` lists the methods that it takes.
        NotAuthenticated: The route asks for a user, and nobody is logged in.
        ProviderNotAllowed: Users of the session's provider may not use the route.
        StepUpRequired: The authentication is too old or of the wrong class for this route.
    """
    if method not in route.settings.methods:
        raise MethodNotAllowed(f"{route.prefix} does not allow {method}.", allow=list(route.settings.methods))
    if not route.needs_login:
        return None
    if session is None:
        raise at_login_of(route, NotAuthenticated("Log in to use this part of the API."))
    terms = terms_of(route, session)
    if _is_too_old(route, session, now) or _is_too_weak(terms, session):
        raise step_up(
            session,
            max_age=int(route.settings.max_age_seconds) if route.settings.max_age_seconds else None,
            acr_values=" ".join(terms.acr_values),
        )
    return terms


def terms_of(route: Route, session: Session) -> ProviderTerms:
    """Return the terms of a route that needs a login for the user of this session.

    Raises:
        ProviderNotAllowed: Users of the session's provider may not use the route.
    """
    terms = route.terms.get(session.provider_key)
    if terms is None:
        raise ProviderNotAllowed("This part of the API is for users of another login service.", login_url=route.login_url)
    return terms


def at_login_of(route: Route, error: NotAuthenticated) -> NotAuthenticated:
    """Return the error with the login of the route: at a provider whose users may use it."""
    error.extensions["login_url"] = route.login_url
    return error


def step_up(session: Session, *, max_age: int | None, acr_values: str) -> StepUpRequired:
    """Return the error that asks the user of a session for step-up authentication at the same provider (RFC 9470)."""
    provider = "" if session.provider == MAIN_PROVIDER else session.provider
    detail = "This part of the API wants you to prove again who you are. Open login_url, with return_to added."
    return StepUpRequired(detail, max_age=max_age, acr_values=acr_values, provider=provider)


def _is_too_old(route: Route, session: Session, now: float) -> bool:
    return bool(route.settings.max_age_seconds) and session.is_login_older(route.settings.max_age_seconds, now)


def _is_too_weak(terms: ProviderTerms, session: Session) -> bool:
    return bool(terms.acr_values) and session.acr not in terms.acr_values
