"""Validation of tokens and signed responses of one provider, with its keys, its clock and its settings.

The rules are in the pure modules `id_token`, `logout_token` and `userinfo`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hub.config.settings import ProviderSettings
from hub.oidc.authorization import NO_PARAMETERS
from hub.oidc.encryption import decrypt_signed, read_decryption_key
from hub.oidc.id_token import Expectations, IdTokenClaims, Original, validate_id_token, validate_refreshed_id_token
from hub.oidc.logout_token import LogoutClaims, validate_logout_token
from hub.oidc.provider_documents import ProviderDocuments
from hub.oidc.userinfo import SignedUserinfo, read_userinfo, verify_userinfo
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret


class TokenChecks:
    """Validates tokens and userinfo responses of one provider. All methods raise these errors:

    UnknownKey: The provider does not publish the key, or not yet.
    ProviderUnavailable: The provider's keys are not available.
    ProviderMisbehaved: A rule is broken; the detail says which.
    """

    def __init__(self, settings: ProviderSettings, documents: ProviderDocuments, clock: Clock, now: Callable[[], float]) -> None:
        """Parameters:
            now: Returns the time of the provider's clock in epoch seconds.

        Raises:
            SettingsError: The private key for encrypted tokens cannot be read.
        """
        self._settings = settings
        self._documents = documents
        self._clock = clock
        self._now = now
        self._decryption_key = read_decryption_key(settings)

    def readable(self, id_token: Secret) -> Secret:
        """Return the ID token, decrypted if necessary. It is still signed, and nothing is checked yet."""
        return decrypt_signed(id_token, self._decryption_key, what="ID token")

    async def id_token(
        self, token: Secret, *, nonce: str, access_token: Secret | None, demands: Mapping[str, str] = NO_PARAMETERS
    ) -> IdTokenClaims:
        """Validate the decrypted ID token of a login.

        Parameters:
            demands: `max_age` and `acr_values` that this login requested. Those of the settings apply otherwise.
        """
        expected = self._expectations(demands)
        return await self._documents.with_keys(
            lambda keys: validate_id_token(token, keys, expected, now=self._now(), nonce=nonce, access_token=access_token)
        )

    async def refreshed_id_token(
        self, token: Secret, *, original: Original, access_token: Secret | None, nonce: str | None, auth_time: float | None
    ) -> IdTokenClaims:
        """Validate the decrypted ID token of a refresh response against the issuer and subject of the login (`original`).

        Raises:
            SubjectChanged: The token is about another user; the session must end.
        """
        expected = self._expectations()
        return await self._documents.with_keys(
            lambda keys: validate_refreshed_id_token(
                token,
                keys,
                expected,
                now=self._now(),
                original=original,
                access_token=access_token,
                nonce=nonce,
                auth_time=auth_time,
            )
        )

    async def logout_token(self, token: Secret) -> LogoutClaims:
        """Validate a logout token that was posted to the hub. `expires_at` of the result is by the hub's clock."""
        # Back-Channel Logout 1.0 section 2.4: providers that encrypt ID tokens should encrypt logout tokens, but need not.
        readable = decrypt_signed(token, self._decryption_key, what="logout token", required=False)
        expected = self._expectations()
        claims = await self._documents.with_keys(lambda keys: validate_logout_token(readable, keys, expected, now=self._now()))
        return replace(claims, expires_at=claims.expires_at - (self._now() - self._clock.now()))

    async def userinfo(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Return the claims of a userinfo response. A signed response is verified."""
        claims = read_userinfo(headers, body, self._decryption_key)
        if not isinstance(claims, SignedUserinfo):
            return claims
        expected = self._expectations()
        return await self._documents.with_keys(lambda keys: verify_userinfo(claims, keys, expected, now=self._now()))

    def _expectations(self, demands: Mapping[str, str] = NO_PARAMETERS) -> Expectations:
        settings = self._settings
        asked = {**settings.authorization_parameters, **demands}
        max_age = asked.get("max_age", "")
        return Expectations(
            issuer=settings.issuer,
            client_id=settings.client_id,
            algorithms=settings.signing_algorithms,
            leeway_seconds=settings.leeway_seconds,
            max_age_seconds=float(max_age) if max_age.isascii() and max_age.isdigit() else None,
            acr_values=asked.get("acr_values", "").split(),
        )
