"""What the doctor knows about one product, besides the specifications. Pure: the knowledge itself is defined elsewhere."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from hub.config.settings import ProviderSettings
from hub.doctor.findings import Finding
from hub.oidc.metadata import ProviderMetadata


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductKnowledge:
    """Advice for one product.

    Attributes:
        hints: Sentences that follow an advice, by the topic of the advice.
        refresh_token_note: Returns what else decides about refresh tokens at a provider of the product; empty for others.
        examiners: Examine providers that are no OpenID Providers, by `provider.kind`.
    """

    hints: Mapping[str, str]
    refresh_token_note: Callable[[ProviderMetadata], str]
    examiners: Mapping[str, Callable[[ProviderSettings], AsyncIterator[Finding]]]

    def advice(self, topic: str, text: str) -> str:
        """Return an advice with the product's hint behind it."""
        return f"{text} {self.hints.get(topic, '')}".rstrip()
