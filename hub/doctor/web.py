"""DOOR to whatever answers HTTP: asks once, follows nothing, keeps nothing."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

TIMEOUT_SECONDS = 10.0
MAX_BODY_BYTES = 1024 * 1024


class NoAnswer(Exception):
    """Nobody answered, or nobody who can be trusted.

    Attributes:
        is_tls: Whether the certificate, or TLS itself, is the trouble.
    """

    def __init__(self, reason: str, *, is_tls: bool) -> None:
        super().__init__(reason)
        self.is_tls = is_tls


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        headers: By name in lower case; of a field that came several times the last.
        set_cookies: All `Set-Cookie` fields.
    """

    status: int
    headers: Mapping[str, str]
    set_cookies: list[str]
    body: bytes


async def ask(
    url: str, *, method: str = "GET", ca: ssl.SSLContext | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return the answer of `url`.

    Parameters:
        ca: Whom to trust; None: whom the system trusts.

    Raises:
        NoAnswer: There is none.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, URL(url, encoded=True), allow_redirects=False, ssl=ca or True, headers=headers) as answer,
        ):
            body = await answer.content.read(MAX_BODY_BYTES)
            fields = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status, fields, answer.headers.getall("Set-Cookie", []), body)
    except aiohttp.ClientConnectorSSLError as error:
        raise NoAnswer(str(error.os_error), is_tls=True) from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise NoAnswer(str(error.certificate_error), is_tls=True) from error
    except TimeoutError as error:
        raise NoAnswer(f"no answer within {TIMEOUT_SECONDS:.0f} seconds", is_tls=False) from error
    except (aiohttp.ClientError, OSError) as error:
        raise NoAnswer(str(error) or type(error).__name__, is_tls=False) from error
