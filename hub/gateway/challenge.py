"""Parse the step-up challenge of an API in `WWW-Authenticate` (RFC 6750 section 3, RFC 9470). Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

INSUFFICIENT_AUTHENTICATION = "insufficient_user_authentication"
MAX_AGE_DIGITS = 9

_PARAMETER = re.compile(r"""([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))""")
_BEARER = re.compile(r"(?:^|,)\s*(?:Bearer|DPoP)\s+", re.IGNORECASE)
_ACR_VALUES = re.compile(r"[!-~]+(?: [!-~]+)*")


@dataclass(frozen=True, slots=True)
class StepUpChallenge:
    """A request of the API for step-up authentication (RFC 9470 section 3).

    Attributes:
        acr_values: Accepted authentication classes, the preferred one first; empty: not stated.
        max_age: Maximum age of the authentication in seconds; None: not stated.
    """

    acr_values: str
    max_age: int | None


def step_up_challenge(headers: Iterable[tuple[str, str]]) -> StepUpChallenge | None:
    """Return the step-up challenge in the headers of a response; None if there is none."""
    for name, value in headers:
        if name.lower() == "www-authenticate" and (start := _BEARER.search(value)):
            parameters = _parameters(value[start.end() :])
            if parameters.get("error") == INSUFFICIENT_AUTHENTICATION:
                return StepUpChallenge(_acr_values(parameters), _max_age(parameters))
    return None


def _parameters(text: str) -> dict[str, str]:
    found = {name.lower(): (quoted or plain) for name, quoted, plain in _PARAMETER.findall(text)}
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in found.items()}


def _acr_values(parameters: dict[str, str]) -> str:
    value = parameters.get("acr_values", "")
    return value if _ACR_VALUES.fullmatch(value) else ""


def _max_age(parameters: dict[str, str]) -> int | None:
    value = parameters.get("max_age", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= MAX_AGE_DIGITS else None
