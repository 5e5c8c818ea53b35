"""The userinfo response (OpenID Connect Core 1.0 section 5.3.2), as JSON or as a signed or encrypted JWT. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import ProviderMisbehaved
from hub.oidc.encryption import DecryptionKey, decrypt, is_encrypted
from hub.oidc.id_token import OTHER_KINDS, Expectations
from hub.oidc.jwks import KeySet
from hub.oidc.provider_response import decode_object
from hub.oidc.signed_jwt import instant, verify
from hub.primitives.secret import Secret

WHAT = "userinfo endpoint"
JWT = "userinfo response"
ACCEPT = "application/json, application/jwt"  # the registration of the client decides which one the provider sends


@dataclass(frozen=True, slots=True)
class SignedUserinfo:
    """A userinfo response that is a signed JWT. Its claims must not be used before `verify_userinfo`."""

    token: Secret


def read_userinfo(headers: Mapping[str, str], body: bytes, key: DecryptionKey | None) -> dict[str, Any] | SignedUserinfo:
    """Return the claims of the response, or the signed JWT that contains them.

    An encrypted response need not be signed (section 5.3.2). Like plain JSON, it is trusted because it came over TLS from the
    provider.

    Parameters:
        key: Private key for decryption; None if the provider does not encrypt for the hub.

    Raises:
        ProviderMisbehaved: The response is neither JSON nor a JWT, or cannot be decrypted.
    """
    kind = {name.lower(): value for name, value in headers.items()}.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/jwt":
        return decode_object(body, WHAT)
    try:
        text = body.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise ProviderMisbehaved(f"The {WHAT} of the login service returned an invalid JWT.") from error
    if is_encrypted(text):
        if key is None:
            raise ProviderMisbehaved(f"The {JWT} is encrypted. Set provider.id_token_key_file to the private key for it.")
        text = decrypt(Secret(text), key, what=JWT)
        if text.startswith("{"):
            return decode_object(text.encode(), WHAT)
    return SignedUserinfo(Secret(text))


def verify_userinfo(signed: SignedUserinfo, keys: KeySet, expected: Expectations, *, now: float) -> dict[str, Any]:
    """Return the claims of a signed response. `now` is in epoch seconds by the provider's clock.

    Raises:
        UnknownKey: No key matches; try again with a fresh key set.
        ProviderMisbehaved: The signature, issuer or audience is wrong, the JWT is of another kind, or it has expired.
    """
    jwt = verify(signed.token, keys, expected.algorithms, what=JWT)
    claims = jwt.claims
    if jwt.kind in OTHER_KINDS or "events" in claims:
        raise ProviderMisbehaved(f"The provider sent a token of another kind in place of the {JWT}.")
    if claims.get("iss", expected.issuer) != expected.issuer:
        raise ProviderMisbehaved(f"The {JWT}'s iss is not provider.issuer.")
    audience = claims.get("aud", expected.client_id)
    if expected.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise ProviderMisbehaved(f"The {JWT}'s aud is not provider.client_id.")
    expires_at = instant(claims, "exp", what=JWT)
    if expires_at is not None and expires_at + expected.leeway_seconds <= now:
        raise ProviderMisbehaved(f"The {JWT} has expired. Check the clocks of provider and hub.")
    return claims


def require_subject(claims: dict[str, Any], subject: str) -> dict[str, Any]:
    """Return the claims if they are about `subject` (section 5.3.2).

    Raises:
        ProviderMisbehaved: The claims are about another user.
    """
    if claims.get("sub") != subject:
        raise ProviderMisbehaved(f"The {WHAT} returned claims about another user than the one who logged in.")
    return claims
