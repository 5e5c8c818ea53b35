"""Provider metadata (OpenID Connect Discovery 1.0 sections 3 and 4, RFC 8414). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from hub.errors import ProviderMisbehaved
from hub.oidc.provider_response import refuse_unavailable
from hub.primitives.json_decoder import JsonDecoder, UnexpectedJson, UnreadableJson

URL_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")  # RFC 3986 section 2
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMetadata:
    """The members of the discovery document that the hub uses. Unknown members are ignored (section 4.2).

    None means that the provider omitted the list. That does not say what the provider supports.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    revocation_endpoint: str | None = None
    introspection_endpoint: str | None = None
    end_session_endpoint: str | None = None
    pushed_authorization_request_endpoint: str | None = None
    require_pushed_authorization_requests: bool = False
    authorization_response_iss_parameter_supported: bool = False
    frontchannel_logout_supported: bool = False
    backchannel_logout_supported: bool = False
    code_challenge_methods_supported: tuple[str, ...] | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] | None = None
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] | None = None
    grant_types_supported: tuple[str, ...] | None = None

    @property
    def endpoints(self) -> dict[str, str]:
        """All URLs that the hub or a browser will call, by member name."""
        named = {
            "authorization_endpoint": self.authorization_endpoint,
            "token_endpoint": self.token_endpoint,
            "jwks_uri": self.jwks_uri,
            "userinfo_endpoint": self.userinfo_endpoint,
            "revocation_endpoint": self.revocation_endpoint,
            "introspection_endpoint": self.introspection_endpoint,
            "end_session_endpoint": self.end_session_endpoint,
            "pushed_authorization_request_endpoint": self.pushed_authorization_request_endpoint,
        }
        return {name: url for name, url in named.items() if url is not None}


_DECODER: JsonDecoder[ProviderMetadata] = JsonDecoder(ProviderMetadata)


def build_discovery_url(issuer: str) -> str:
    """Return the URL of the discovery document (Discovery section 4)."""
    return f"{issuer.removesuffix('/')}/.well-known/openid-configuration"


def process_metadata(status: int, body: bytes, expected_issuer: str, headers: Mapping[str, str] = NO_HEADERS) -> ProviderMetadata:
    """Parse the response to a discovery request.

    Raises:
        ProviderUnavailable: The provider cannot respond now.
        ProviderMisbehaved: The response is not a discovery document that the hub can use. The detail tells the operator which
            member is wrong.
    """
    refuse_unavailable(status, headers, "discovery document")
    url = build_discovery_url(expected_issuer)
    if status != 200:
        raise ProviderMisbehaved(f"{url} responded with status {status}. Check provider.issuer.")
    try:
        metadata = _DECODER.decode(body)
    except UnexpectedJson as error:
        raise ProviderMisbehaved(f"{url} is not a usable discovery document: {error}.") from error
    except UnreadableJson as error:
        raise ProviderMisbehaved(f"{url} did not return JSON. Check provider.issuer.") from error
    _refuse_other_issuer(metadata, expected_issuer)
    _refuse_unsafe_endpoints(metadata)
    _refuse_without_s256(metadata)
    return metadata


def _refuse_other_issuer(metadata: ProviderMetadata, expected_issuer: str) -> None:
    if metadata.issuer != expected_issuer:
        raise ProviderMisbehaved(
            f"The provider's issuer is {metadata.issuer!r}, but provider.issuer is {expected_issuer!r}. Both must be "
            "identical, character by character (OpenID Connect Discovery 1.0 section 4.3)."
        )


def _refuse_unsafe_endpoints(metadata: ProviderMetadata) -> None:
    """Reject http endpoints of a provider that is reached by https: codes and tokens would be sent unencrypted."""
    allowed = ("https",) if metadata.issuer.startswith("https:") else ("https", "http")
    for name, text in metadata.endpoints.items():
        if not URL_CHARACTERS.fullmatch(text):  # `urlsplit` drops line breaks, which would then break each `Location` header
            raise ProviderMisbehaved(f"The discovery document's {name} contains characters that a URL cannot contain.")
        try:
            url = urlsplit(text)
            _ = url.port
        except ValueError as error:
            raise ProviderMisbehaved(f"The discovery document's {name} is not a URL.") from error
        if url.scheme not in allowed or not url.hostname or url.fragment:
            raise ProviderMisbehaved(f"The discovery document's {name} must be an {allowed[0]} URL without fragment.")


def _refuse_without_s256(metadata: ProviderMetadata) -> None:
    """Reject a provider that lists methods without S256. A provider without a list may support it, as IRIS 2022 does."""
    methods = metadata.code_challenge_methods_supported
    if methods is not None and "S256" not in methods:
        raise ProviderMisbehaved(
            "The provider does not support the code challenge method S256 (RFC 7636), which the hub requires."
        )
