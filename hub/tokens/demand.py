"""Which token a request needs, as its route says."""

from dataclasses import dataclass, field
from typing import Literal

from hub.config.settings import MAIN_PROVIDER
from hub.oidc.grants import TokenTarget
from hub.primitives.secret import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDemand:
    """A token for a user (`user`, `exchange`) or for the hub itself (`client`).

    Attributes:
        target: Audience, resource and scopes of the token; empty for the session's own access token.
        provider: Provider that issues tokens for the hub itself. Tokens for a user come from the provider of the session.
    """

    kind: Literal["user", "exchange", "client"] = "user"
    target: TokenTarget = field(default_factory=TokenTarget)
    provider: str = MAIN_PROVIDER

    @property
    def is_plain(self) -> bool:
        """Whether the request needs the session's own access token."""
        target = self.target
        return self.kind == "user" and not (target.audience or target.resource or target.scopes)

    @property
    def name(self) -> str:
        """Name under which the token is stored: a digest of kind, provider and target. The order of scopes does not matter."""
        target = self.target
        return digest("|".join([self.kind, self.provider, target.audience, target.resource, " ".join(sorted(target.scopes))]))


PLAIN = TokenDemand()
