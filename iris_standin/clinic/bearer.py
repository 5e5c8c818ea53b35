"""Who is calling the REST application (RFC 6750). Pure apart from the authority's tables."""

from dataclasses import dataclass, field

from iris_standin.authority import Authority
from iris_standin.clinic.errors import CspError
from iris_standin.keys import InvalidToken


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a request, and the token that proved it."""

    subject: str
    token: str = field(repr=False)


def authenticate(authority: Authority, authorization: str, query_token: str) -> Caller:
    """Return the caller that the header, or else the query parameter `access_token`, stands for.

    The challenge repeats the scheme of the request, and is `Basic` if there was none, as IRIS does (GetAuthChallenge).

    Raises:
        CspError: 401: no token, or one that is invalid, expired, revoked or for another audience.
    """
    scheme, _, credentials = authorization.partition(" ")
    token = credentials.strip() if scheme.lower() == "bearer" else query_token
    if not token:
        raise CspError(401, "NoAccessToken", challenge='Basic realm="clinic"')
    subject, audience = _by_row(authority, token) if _asks_tables(authority) else _offline(authority, token)
    wanted = authority.options.resource_audience
    if wanted and wanted not in audience:
        raise _rejected("another audience")
    return Caller(subject, token)


def _asks_tables(authority: Authority) -> bool:
    return authority.options.opaque_access_token or authority.options.resource_validation == "introspection"


def _by_row(authority: Authority, token: str) -> tuple[str, tuple[str, ...]]:
    row = authority.access_row(token)
    if row is None:
        raise _rejected("not active")
    return row.subject, row.audience


def _offline(authority: Authority, token: str) -> tuple[str, tuple[str, ...]]:
    try:
        claims = authority.claims_offline(token)
    except InvalidToken as error:
        raise _rejected(str(error)) from error
    audience = claims["aud"]
    return claims["sub"], (audience,) if isinstance(audience, str) else tuple(audience)


def _rejected(reason: str) -> CspError:
    return CspError(401, "InvalidAccessToken", reason, challenge='Bearer realm="clinic", error="invalid_token"')
