"""Parameters of a login URL, such as `/hub/login?max_age=300&prompt=login`. Pure.

Anybody can write such a URL. Unknown parameters are ignored. Those of logins that a third party starts are rejected.
`prompt=none` is not allowed, because the user must see that a login happens (ASVS 7.6.2).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.errors import BadRequest

PROMPTS = ("login", "consent", "select_account", "create")
LONGEST_MAX_AGE_SECONDS = 366 * 86400
MAX_WORDS = 10
LONGEST_HINT = 256

ACR_VALUE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}")  # one word of a space-separated list (RFC 6749 appendix A.4)
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}")  # BCP 47
DIGITS = re.compile(r"[0-9]{1,9}")

OF_THIRD_PARTIES = ("iss", "target_link_uri")  # OpenID Connect Core 1.0 section 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginParameters:
    """Parameters of one login for the provider (OpenID Connect Core 1.0 section 3.1.2.1). Empty values are not sent.

    Attributes:
        prompt: Pages that the provider has to show: words of `PROMPTS`.
        max_age: Longest time since the user's authentication, in seconds; None: no limit.
        acr_values: Accepted authentication methods, the preferred first.
        login_hint: The user who is expected to log in.
        ui_locales: Languages of the login pages, the preferred first.
    """

    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    login_hint: str = ""
    ui_locales: tuple[str, ...] = ()

    def as_request(self) -> dict[str, str]:
        """Return the parameters of the authorization request."""
        named = {
            "prompt": " ".join(self.prompt),
            "max_age": "" if self.max_age is None else str(self.max_age),
            "acr_values": " ".join(self.acr_values),
            "login_hint": self.login_hint,
            "ui_locales": " ".join(self.ui_locales),
        }
        return {name: value for name, value in named.items() if value}


def parse_login_parameters(query: Mapping[str, list[str]]) -> LoginParameters:
    """Parse the parameters from the query of a login URL. Empty values are ignored.

    Raises:
        BadRequest: A value is invalid or repeated; the detail begins with the name of its parameter. Or a third party starts the
            login (OpenID Connect Core 1.0 section 4), which would let it choose the page that the user gets.
    """
    for name in OF_THIRD_PARTIES:
        if name in query:
            raise BadRequest(f"{name}: another party cannot start a login. Open the application and log in there.")
    return LoginParameters(
        prompt=_words(query, "prompt", PROMPTS.__contains__, f"may hold {', '.join(PROMPTS)}"),
        max_age=_max_age(query),
        acr_values=_words(query, "acr_values", ACR_VALUE.fullmatch, "must be words separated by spaces"),
        login_hint=_login_hint(query),
        ui_locales=_words(query, "ui_locales", LANGUAGE.fullmatch, "must be language tags such as de-AT, separated by spaces"),
    )


def _single(query: Mapping[str, list[str]], name: str) -> str:
    values = query.get(name, [])
    if len(values) > 1:
        raise BadRequest(f"{name}: may be given only once.")
    return values[0] if values else ""


def _words(query: Mapping[str, list[str]], name: str, is_one: Callable[[str], object], rule: str) -> tuple[str, ...]:
    text = _single(query, name)
    words = tuple(dict.fromkeys(text.split(" "))) if text else ()
    if len(words) > MAX_WORDS or not all(is_one(word) for word in words):
        raise BadRequest(f"{name}: {rule}. At most {MAX_WORDS} are allowed.")
    return words


def _max_age(query: Mapping[str, list[str]]) -> int | None:
    text = _single(query, "max_age")
    if not text:
        return None
    if not DIGITS.fullmatch(text) or int(text) > LONGEST_MAX_AGE_SECONDS:
        raise BadRequest(f"max_age: must be a whole number of seconds from 0 to {LONGEST_MAX_AGE_SECONDS}.")
    return int(text)


def _login_hint(query: Mapping[str, list[str]]) -> str:
    text = _single(query, "login_hint")
    if len(text) > LONGEST_HINT or not text.isprintable():
        raise BadRequest(f"login_hint: must be printable and have at most {LONGEST_HINT} characters.")
    return text
