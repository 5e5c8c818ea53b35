"""Checks of the APIs behind the routes, with requests without a token."""

from hub.config.settings import RouteSettings
from hub.doctor.findings import Finding, failure, ok, warning
from hub.doctor.product import ProductKnowledge
from hub.doctor.web import NoResponse, probe
from hub.gateway.tls import trust


async def examine_route(route: RouteSettings, product: ProductKnowledge) -> list[Finding]:
    """Check that the API responds, has a trusted certificate, and demands a token, and the route's proof. Return the findings."""
    about = f"{route.prefix} -> {route.target}"
    return [*_examine_proof(route, about), *await _examine_response(route, about, product)]


def _examine_proof(route: RouteSettings, about: str) -> list[Finding]:
    if route.proof == "none" or route.proof_version == 2:
        return []
    message = "proof_version is 1: signatures leave out host and Content-Type, so that APIs with one key can relay requests"
    advice = "Let the API verify version 2 (docs/http-api.md), then set proof_version = 2. A later release drops version 1."
    return [warning("route-proof", about, message, advice)]


async def _examine_response(route: RouteSettings, about: str, product: ProductKnowledge) -> list[Finding]:
    try:
        response = await probe(route.target.rstrip("/") + "/", ca=trust(route.ca_file))
    except NoResponse as error:
        if error.is_tls:
            advice = f"Set ca_file of the route {route.prefix} to the certificate of its CA."
            return [failure("route-tls", about, f"its certificate is not trusted ({error})", advice)]
        return [
            failure(
                "route-reachable", about, f"does not respond ({error})", "Check that it runs, and check the target of the route."
            )
        ]
    if response.status >= 500:
        return [failure("route-reachable", about, f"returns {response.status}", product.advice("route-fails", "Read its log."))]
    found = [ok("route-reachable", about, f"responds ({response.status})")]
    if route.token == "none":
        return found
    if response.status in (401, 403):
        return [*found, ok("route-token", about, "demands a token")]
    if response.status == 404:
        message = "returns 404 without a token: the path may be wrong, or the application checks the path before the token"
        return [
            *found,
            warning(
                "route-token", about, message, "Check the target of the route, and check that the application demands a token."
            ),
        ]
    advice = product.advice("route-token", "Make the application check the token.")
    return [*found, failure("route-token", about, f"returns {response.status} without a token: anybody can use the API", advice)]
