"""Proof Key for Code Exchange (RFC 7636), on Authlib's implementation. Pure."""

import hmac

from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636.challenge import CODE_VERIFIER_PATTERN  # type: ignore[import-untyped]

from iris_standin.errors import OAuthError
from iris_standin.model import AuthorizationRequest


def verify(request: AuthorizationRequest, code_verifier: str) -> None:
    """Check the verifier of a token request against the challenge of the authorization request (section 4.6).

    Raises:
        OAuthError: `invalid_grant`: missing, malformed, wrong, or there was no challenge to answer.
    """
    if not request.code_challenge and not code_verifier:
        return
    if not request.code_challenge or not code_verifier:
        raise OAuthError("invalid_grant", "code_verifier does not go with the authorization request")
    if not CODE_VERIFIER_PATTERN.match(code_verifier):
        raise OAuthError("invalid_grant", "code_verifier is malformed")
    answer: str = create_s256_code_challenge(code_verifier) if request.code_challenge_method == "S256" else code_verifier
    if not hmac.compare_digest(answer.encode(), request.code_challenge.encode()):
        raise OAuthError("invalid_grant", "code_verifier is wrong")
