"""Problems as responses of the doors that serve exchanges themselves, with their log lines."""

from hub.errors import HubError
from hub.listener.exchange import Exchange
from hub.web.failures import note_failure
from hub.web.refusals import RefusalVerdict
from hub.web.response_headers import problem_body, problem_headers
from hub.web.site import Site


def send_problem(exchange: Exchange, site: Site, error: HubError, **extensions: str) -> int:
    """Respond with a problem that has these members besides its own; return its status."""
    status, headers = error.problem().status, site.response_headers
    fields = [*headers.isolated(), ("Content-Type", "application/problem+json"), *problem_headers(error), headers.date()]
    exchange.send(status, "", fields, problem_body(error, **extensions))
    return status


def judge_failure(exchange: Exchange, site: Site, error: HubError, address: str, *, noted: bool = False) -> tuple[HubError, bool]:
    """Charge the request if the hub refused it, and log the failure.

    Parameters:
        noted: Whether the failure was logged already.

    Returns:
        The error to respond with, and whether the request is written to the access log.
    """
    counted = site.refusals.count(exchange, address) if error.status < 500 else RefusalVerdict()
    if counted.is_logged and not noted:
        head = exchange.head
        note_failure(error, method=head.method, path=head.path, address=address, session_id=site.session_id(head))
    if counted.limited is None:
        return error, counted.is_logged
    exchange.keep_alive = exchange.keep_alive and not counted.closes
    return counted.limited, counted.is_logged
