"""The doctor's knowledge of one product, in addition to the specifications. Pure: other modules define the knowledge."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from hub.config.settings import ProviderSettings
from hub.doctor.findings import Finding
from hub.oidc.metadata import ProviderMetadata


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductKnowledge:
    """Advice for one product.

    Attributes:
        hints: Sentences to add to an advice, by topic.
        refresh_token_note: Returns what else controls refresh tokens at a provider of the product; empty for other providers.
        examiners: Functions that check providers of other kinds than OpenID Providers, by `provider.kind`.
    """

    hints: Mapping[str, str]
    refresh_token_note: Callable[[ProviderMetadata], str]
    examiners: Mapping[str, Callable[[ProviderSettings], AsyncIterator[Finding]]]

    def advice(self, topic: str, text: str) -> str:
        """Return an advice, followed by the product's hint for its topic."""
        return f"{text} {self.hints.get(topic, '')}".rstrip()
