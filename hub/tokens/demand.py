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
        provider: Name of the provider that issues the token: for a user, that of the session.
        is_plain: The request needs the session's own access token.
    """

    kind: Literal["user", "exchange", "client"] = "user"
    target: TokenTarget = field(default_factory=TokenTarget)
    provider: str = MAIN_PROVIDER
    is_plain: bool = field(init=False)

    def __post_init__(self) -> None:
        target = self.target
        is_plain = self.kind == "user" and not (target.audience or target.resource or target.scopes)
        object.__setattr__(self, "is_plain", is_plain)

    @property
    def name(self) -> str:
        """Name under which the token is stored: a digest of kind, provider and target. The order of scopes does not matter."""
        target = self.target
        return digest("|".join([self.kind, self.provider, target.audience, target.resource, " ".join(sorted(target.scopes))]))
