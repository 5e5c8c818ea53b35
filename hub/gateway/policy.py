"""Who may use a route, and how. Pure: looks at the route, the method and whether there is a session."""

from hub.errors import MethodNotAllowed, NotAuthenticated
from hub.gateway.routes import Route
from hub.session.model import Session


def authorise(route: Route, method: str, session: Session | None) -> None:
    """Let the request pass, or say why not.

    A session that has ended never comes here: whoever loads it has raised `SessionEnded` already.

    Raises:
        MethodNotAllowed: The route does not take the method; the extension `allow` lists those that it takes.
        NotAuthenticated: The route wants the token of a user, and nobody is logged in.
    """
    if method not in route.methods:
        raise MethodNotAllowed(f"{route.prefix} does not take {method}.", allow=list(route.methods))
    if route.token == "user" and session is None:
        raise NotAuthenticated("Log in to use this part of the API.")
