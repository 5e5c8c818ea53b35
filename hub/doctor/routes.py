"""Looks at the resource servers behind the routes, without any token."""

from hub.config.settings import RouteSettings
from hub.doctor.findings import Finding, failure, ok, warning
from hub.doctor.product import ProductKnowledge
from hub.doctor.web import NoAnswer, ask
from hub.gateway.tls import trust


async def examine_route(route: RouteSettings, product: ProductKnowledge) -> list[Finding]:
    """Return what is found: does it answer, is it trusted, and does it ask for a token?"""
    about = f"{route.prefix} -> {route.target}"
    try:
        reply = await ask(route.target.rstrip("/") + "/", ca=trust(route.ca_file))
    except NoAnswer as error:
        if error.is_tls:
            advice = f"Name its CA in ca_file of the route {route.prefix}."
            return [failure("route-tls", about, f"its certificate is not trusted ({error})", advice)]
        return [
            failure("route-reachable", about, f"does not answer ({error})", "See whether it runs, and the target of the route.")
        ]
    if reply.status >= 500:
        return [failure("route-reachable", about, f"answers {reply.status}", product.advice("route-fails", "See its log."))]
    found = [ok("route-reachable", about, f"answers ({reply.status})")]
    if route.token == "none":
        return found
    if reply.status in (401, 403):
        return [*found, ok("route-token", about, "asks for a token")]
    if reply.status == 404:
        message = "answers 404 without a token: the path may be wrong, or the application looks for the page before the token"
        return [
            *found,
            warning("route-token", about, message, "See the target of the route, and that the application demands a token."),
        ]
    advice = product.advice("route-token", "Let the application check the token.")
    return [*found, failure("route-token", about, f"answers {reply.status} to somebody without a token", advice)]
