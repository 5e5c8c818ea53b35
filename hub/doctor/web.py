"""HTTP client of the doctor: one request, without redirects and cookies."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

TIMEOUT_SECONDS = 10.0
MAX_BODY_BYTES = 1024 * 1024


class NoResponse(Exception):
    """There was no response, or no trusted server.

    Attributes:
        is_tls: Whether TLS or the certificate is the reason.
    """

    def __init__(self, reason: str, *, is_tls: bool) -> None:
        super().__init__(reason)
        self.is_tls = is_tls


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """An HTTP response.

    Attributes:
        headers: Response headers by name in lower case; the last value of a repeated header.
        set_cookies: Values of all `Set-Cookie` headers.
    """

    status: int
    headers: Mapping[str, str]
    set_cookies: list[str]
    body: bytes


async def probe(
    url: str, *, method: str = "GET", ca: ssl.SSLContext | None = None, headers: Mapping[str, str] | None = None
) -> ProbeResponse:
    """Send one request and return the response. `ca` has the trusted certificates; None: those of the system.

    Raises:
        NoResponse: There is no response, or the server is not trusted.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, URL(url, encoded=True), allow_redirects=False, ssl=ca or True, headers=headers) as response,
        ):
            body = await response.content.read(MAX_BODY_BYTES)
            by_name = {name.lower(): value for name, value in response.headers.items()}
            return ProbeResponse(response.status, by_name, response.headers.getall("Set-Cookie", []), body)
    except aiohttp.ClientConnectorSSLError as error:
        raise NoResponse(str(error.os_error), is_tls=True) from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise NoResponse(str(error.certificate_error), is_tls=True) from error
    except TimeoutError as error:
        raise NoResponse(f"no response within {TIMEOUT_SECONDS:.0f} seconds", is_tls=False) from error
    except (aiohttp.ClientError, OSError) as error:
        raise NoResponse(str(error) or type(error).__name__, is_tls=False) from error
