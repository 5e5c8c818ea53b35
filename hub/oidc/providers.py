"""All providers of the settings by their names, and what the rest of the hub asks of each, whatever its kind."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Protocol

from hub.config.settings import MAIN_PROVIDER
from hub.errors import BadRequest, LoginFailed, ProviderUnavailable
from hub.oidc.dpop import DPoPKey
from hub.oidc.id_token import IdTokenClaims, Original
from hub.oidc.provider import OpenIDProvider
from hub.oidc.token_endpoint import TokenResponse
from hub.primitives.secret import Secret


class Provider(Protocol):
    """A provider of logins: an `OpenIDProvider` or a `PasswordProvider`."""

    @property
    def name(self) -> str:
        """Its name in the settings."""

    @property
    def label(self) -> str:
        """What people see when they choose between several."""

    @property
    def issuer(self) -> str:
        """Together with the subject it names a user."""

    @property
    def kills_old_access_token(self) -> bool:
        """Whether a refresh makes the old access token invalid at once, so that calls have to wait for it."""

    @property
    def clock_difference(self) -> float:
        """Seconds that its clock is ahead of ours, as far as known."""

    async def start(self) -> None:
        """Open the door to it. Does not wait until it answers."""

    async def close(self) -> None:
        """End everything that is under way, and close the door."""

    def status(self) -> str | None:
        """Say in one line why nobody can log in; None if nothing speaks against it."""

    async def refresh(self, refresh_token: Secret, *, resource: str = "") -> TokenResponse:
        """Get fresh tokens, or with `resource` an access token for that one alone (RFC 8707).

        Raises:
            TokenRefused: `error` is `invalid_grant` if the refresh token is used up, expired or revoked.
            ProviderRejectedClient, ProviderUnavailable, ProviderMisbehaved: There are no tokens now.
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
        """Check the ID token of a refresh response against the login."""

    async def revoke(self, token: Secret, hint: str) -> bool:
        """Revoke a token; tell whether the provider did so, or did not know it any more.

        Raises:
            ProviderRejectedClient, ProviderUnavailable: The token is still valid.
        """

    async def log_out(self, *, id_token: Secret | None, access_token: Secret, return_url: str) -> str:
        """End the session at the provider, as far as the hub can; return where the browser has to go now.

        Raises:
            ProviderUnavailable, ProviderMisbehaved: The session at the provider may live on.
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
    """The providers of the settings, the main one first."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._by_name = {provider.name: provider for provider in providers}
        self._killing = {name for name, provider in self._by_name.items() if provider.kills_old_access_token}

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._by_name.values())

    @property
    def main(self) -> Provider:
        """The provider that logs in whoever names no other."""
        return self._by_name[MAIN_PROVIDER]

    def named(self, name: str) -> Provider:
        """Return the provider that a login asks for.

        Raises:
            BadRequest: There is none of this name.
        """
        if name not in self._by_name:
            raise BadRequest(f"provider: there is none of this name. Known: {', '.join(sorted(self._by_name))}.")
        return self._by_name[name]

    def openid(self, name: str) -> OpenIDProvider:
        """Return the OpenID Provider that a login asks for.

        Raises:
            BadRequest: There is none of this name, or it is of another kind.
        """
        provider = self.named(name)
        if not isinstance(provider, OpenIDProvider):
            raise BadRequest(f"provider: {name} is no OpenID Provider.")
        return provider

    def of(self, name: str, issuer: str) -> Provider:
        """Return the provider that a session came from.

        Raises:
            ProviderUnavailable: The settings no longer hold it, or hold another one under its name: its tokens cannot be renewed.
        """
        provider = self._by_name.get(name)
        if provider is None or provider.issuer != issuer:
            raise ProviderUnavailable("The login service that issued this login is not in the settings any more. Log in again.")
        return provider

    def dpop_key(self, name: str) -> DPoPKey | None:
        """Return the DPoP key of a provider; None if it issues bearer tokens or is no longer in the settings."""
        provider = self._by_name.get(name)
        return provider.dpop if isinstance(provider, OpenIDProvider) else None

    def kills_old_access_token(self, name: str) -> bool:
        """Tell whether calls have to wait while this provider refreshes a session; False for one that is gone."""
        return name in self._killing

    async def start(self) -> None:
        """Open all doors."""
        for provider in self:
            await provider.start()

    async def close(self) -> None:
        """Close all doors."""
        for provider in self:
            await provider.close()

    def troubles(self) -> dict[str, str]:
        """Return why nobody can log in, by provider; empty if nothing speaks against any of them."""
        found = {provider.name: provider.status() for provider in self}
        return {_part(name): trouble for name, trouble in found.items() if trouble is not None}


def _part(name: str) -> str:
    return "provider" if name == MAIN_PROVIDER else f"provider {name}"
