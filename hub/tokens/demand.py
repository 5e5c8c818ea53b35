"""Which token a request needs, told apart from where it goes: the settings of a route, as this layer understands them."""

from dataclasses import dataclass, field
from typing import Literal

from hub.config.settings import MAIN_PROVIDER
from hub.oidc.grants import TokenTarget
from hub.primitives.secret import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDemand:
    """A token for a user (`user`, `exchange`) or for the hub itself (`client`).

    Attributes:
        target: Whom the token is for, and what it may be used for; empty for the session's own access token.
        provider: Who issues a token for the hub; a user's comes from the provider of the session.
    """

    kind: Literal["user", "exchange", "client"] = "user"
    target: TokenTarget = field(default_factory=TokenTarget)
    provider: str = MAIN_PROVIDER

    @property
    def is_plain(self) -> bool:
        """Whether the session's own access token is wanted."""
        target = self.target
        return self.kind == "user" and not (target.audience or target.resource or target.scopes)

    @property
    def name(self) -> str:
        """The name of such a token beside others: kind, audience and scopes, in any order of the scopes."""
        target = self.target
        return digest("|".join([self.kind, self.provider, target.audience, target.resource, " ".join(sorted(target.scopes))]))


PLAIN = TokenDemand()
