"""Whose users may subscribe to a topic, and which sessions a publication is for. Pure."""

from collections.abc import Mapping
from typing import Self

from msgspec.structs import replace

from hub.config.allowed_providers import ProviderKey, allowed_providers, by_provider, login_provider, login_url
from hub.config.settings import TopicSettings
from hub.errors import BadRequest, ProviderNotAllowed, TokenNotIssued
from hub.session.model import Session
from hub.topics.model import Recipient, has_scope


class TopicAudience:
    """The sessions to which a topic is open: those of its providers, if their token has the scope that holds for the provider."""

    def __init__(self, scopes: Mapping[ProviderKey, str], login_url: str) -> None:
        """Parameters:
        scopes: The scope that users of each allowed provider need; empty: none.
        login_url: Path of the login for the topic.
        """
        self._scopes = scopes
        self._login_url = login_url
        self._issuers = {issuer for _, issuer in scopes}

    @classmethod
    def compile(cls, settings: TopicSettings, issuers: Mapping[str, str]) -> Self:
        """Return the audience of settings that were checked when they were read. `issuers`: of all providers, by their names."""
        scopes = {key: by_provider(settings.scope, key[0]) for key in allowed_providers(settings, issuers)}
        return cls(scopes, login_url(login_provider(settings, issuers)))

    def require(self, session: Session) -> None:
        """Return if the session may subscribe.

        Raises:
            ProviderNotAllowed: Users of its provider may not.
            TokenNotIssued: Its token lacks the scope.
        """
        scope = self._scopes.get(session.provider_key)
        if scope is None:
            raise ProviderNotAllowed("This topic is for users of another login service.", login_url=self._login_url)
        if not has_scope(session, scope):
            raise TokenNotIssued("The session lacks the scope for this topic.")

    def includes(self, session: Session, recipient: Recipient) -> bool:
        """Return whether a session gets an event: it may subscribe, and the event is for it."""
        scope = self._scopes.get(session.provider_key)
        return (
            scope is not None and has_scope(session, scope) and not self._lacks_issuer(recipient) and recipient.matches(session)
        )

    def with_issuer(self, recipient: Recipient) -> Recipient:
        """Return the recipient with the issuer at which its subject and its scope mean something.

        Raises:
            BadRequest: It names no issuer, and users of several may subscribe; or it names one that none of them has.
        """
        known = " or ".join(sorted(self._issuers))
        if recipient.issuer and recipient.issuer not in self._issuers:
            raise BadRequest(f"to.issuer: nobody who may subscribe to this topic has this issuer. Known: {known}.")
        if self._lacks_issuer(recipient):
            member = "subject" if recipient.subject else "scope"
            raise BadRequest(f"to.{member}: users of several issuers may subscribe. Add to.issuer: {known}.")
        if recipient.issuer or not _needs_issuer(recipient):
            return recipient
        return replace(recipient, issuer=next(iter(self._issuers), ""))

    def _lacks_issuer(self, recipient: Recipient) -> bool:
        return len(self._issuers) > 1 and not recipient.issuer and _needs_issuer(recipient)


def _needs_issuer(recipient: Recipient) -> bool:
    return bool(recipient.subject or recipient.scope)
