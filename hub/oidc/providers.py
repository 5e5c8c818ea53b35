"""All providers of the settings by name, and the interface that each kind of provider has."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from hub.config.settings import MAIN_PROVIDER
from hub.errors import BadRequest, LoginFailed, ProviderUnavailable
from hub.oidc.dpop import DPoPKey
from hub.oidc.id_token import IdTokenClaims, Original
from hub.oidc.provider import OpenIDProvider
from hub.oidc.token_endpoint import TokenResponse
from hub.primitives.secret import Secret


class Provider(Protocol):
    """An identity provider: an `OpenIDProvider` or a `PasswordProvider`.

    Attributes:
        name: Its name in the settings.
        label: The name that users see when they choose between several providers.
        issuer: The issuer identifier. Issuer and subject together identify a user.
        kills_old_access_token: Whether a refresh makes the old access token invalid at once. API calls then wait for a refresh
            that is due.
    """

    name: str
    label: str
    issuer: str
    kills_old_access_token: bool

    @property
    def clock_difference(self) -> float:
        """How many seconds the provider's clock is ahead of ours, as far as known."""

    async def start(self) -> None:
        """Start the background work. Does not wait for the provider."""

    async def close(self) -> None:
        """Stop the background work and abort all calls."""

    def status(self) -> str | None:
        """Return in one line why no login is possible; None if logins should work."""

    async def refresh(self, refresh_token: Secret, *, resource: str = "") -> TokenResponse:
        """Refresh the tokens. With `resource`, get an access token for that API alone (RFC 8707).

        Raises:
            TokenRefused: `error` is `invalid_grant` if the refresh token was used before, has expired, or was revoked.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: The provider issued no tokens.
        """

    async def validate_refreshed_id_token(
        self,
        token: Secret,
        *,
        original: Original,
        access_token: Secret | None,
        nonce: str | None = None,
        auth_time: float | None = None,
    ) -> IdTokenClaims:
        """Validate the ID token of a refresh response against that of the login."""

    async def revoke(self, token: Secret, hint: str) -> bool:
        """Revoke a token. Return whether the token is certainly invalid now.

        Raises:
            ProviderRejectedClient, ProviderUnavailable: The token is still valid.
        """

    async def log_out(self, *, id_token: Secret | None, access_token: Secret, return_url: str) -> str:
        """End the session at the provider, as far as the hub can. Return the URL to which the browser has to go.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: The session at the provider may still exist.
        """


class CredentialsRefused(LoginFailed):
    """User name or password are wrong; the provider does not say which, or whether the password has expired."""

    title = "User name or password are wrong"


class PasswordProvider(Provider):
    """A provider without login pages: users type their password into the hub's own form."""

    @abstractmethod
    async def login(self, user: str, password: Secret) -> TokenResponse:
        """Log a user in; `subject` of the response is the name by which the provider knows the user.

        Raises:
            CredentialsRefused: User name or password are wrong.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: The provider did not say.
        """


class Providers:
    """All providers of the settings, the main provider first.

    Attributes:
        invalidating: Names of the providers that invalidate the old access token at a refresh: requests wait for the refresh.
        dpop_keys: DPoP keys by the name of the provider, for those that bind tokens to a key.
    """

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._by_name = {provider.name: provider for provider in providers}
        self.invalidating = frozenset(name for name, provider in self._by_name.items() if provider.kills_old_access_token)
        self.dpop_keys: Mapping[str, DPoPKey] = {
            name: provider.dpop
            for name, provider in self._by_name.items()
            if isinstance(provider, OpenIDProvider) and provider.dpop is not None
        }

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._by_name.values())

    @property
    def main(self) -> Provider:
        """The default provider: it is used unless a login names another one."""
        return self._by_name[MAIN_PROVIDER]

    def named(self, name: str) -> Provider:
        """Return the provider with this name.

        Raises:
            BadRequest: There is no such provider.
        """
        if name not in self._by_name:
            raise BadRequest(f"provider: there is no provider of this name. Known: {', '.join(sorted(self._by_name))}.")
        return self._by_name[name]

    def openid(self, name: str) -> OpenIDProvider:
        """Return the OpenID Provider with this name.

        Raises:
            BadRequest: There is no such provider, or it is of another kind.
        """
        return _openid(self.named(name))

    def of(self, name: str, issuer: str) -> Provider:
        """Return the provider that issued the tokens of a session.

        Raises:
            ProviderUnavailable: It is no longer in the settings, or its name now belongs to another issuer. The tokens cannot be
                refreshed.
        """
        provider = self._by_name.get(name)
        if provider is None or provider.issuer != issuer:
            raise ProviderUnavailable("The login service that issued this login is not in the settings any more. Log in again.")
        return provider

    def openid_of(self, name: str, issuer: str) -> OpenIDProvider:
        """Return the OpenID Provider that issued the tokens of a session, or at which a login has begun.

        Raises:
            ProviderUnavailable: As `of`.
            BadRequest: It is of another kind.
        """
        return _openid(self.of(name, issuer))

    async def start(self) -> None:
        """Start all providers."""
        for provider in self:
            await provider.start()

    async def close(self) -> None:
        """Close all providers."""
        for provider in self:
            await provider.close()

    def troubles(self) -> dict[str, str]:
        """Return why no login is possible, by provider; empty if logins should work everywhere."""
        found = {provider.name: provider.status() for provider in self}
        return {_part(name): trouble for name, trouble in found.items() if trouble is not None}


def _openid(provider: Provider) -> OpenIDProvider:
    if not isinstance(provider, OpenIDProvider):
        raise BadRequest(f"provider: {provider.name} is not an OpenID Provider.")
    return provider


def _part(name: str) -> str:
    return "provider" if name == MAIN_PROVIDER else f"provider {name}"
