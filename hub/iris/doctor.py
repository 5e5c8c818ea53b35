"""The doctor's knowledge of IRIS: advice, and the checks of a REST application in native JWT mode."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from hub.config.settings import ProviderSettings, is_loopback
from hub.doctor.findings import Finding, failure, ok, warning
from hub.doctor.product import ProductKnowledge
from hub.doctor.web import NoResponse, probe
from hub.gateway.tls import trust
from hub.iris.dialect import is_iris
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.private_key import setting_name


async def examine_native(settings: ProviderSettings) -> AsyncIterator[Finding]:
    """Check TLS and the login endpoint. Yield the findings."""
    url = settings.issuer.rstrip("/") + settings.login_path
    parts = urlsplit(url)
    if parts.scheme != "https":
        level = warning if is_loopback(parts.hostname or "") else failure
        advice = "Install a TLS certificate on the web server in front of IRIS."
        yield level("provider-https", settings.issuer, "is plain HTTP: passwords cross the network unencrypted", advice)
    try:
        response = await probe(url, method="POST", ca=trust(settings.ca_file))
    except NoResponse as error:
        if error.is_tls:
            advice = f"Set {setting_name(settings, 'ca_file')} to the certificate of its CA."
            yield failure("provider-tls", url, f"its certificate is not trusted ({error})", advice)
        else:
            advice = f"Check that it runs, and check {setting_name(settings, 'issuer')}."
            yield failure("provider-reachable", url, f"does not respond ({error})", advice)
        return
    if response.status == 401 and "www-authenticate" not in response.headers:
        yield ok("native-jwt", url, "accepts logins")
        return
    advice = "In IRIS, set JWTAuthEnabled = 1 and password authentication (AutheEnabled 32) for this web application."
    message = f"returns {response.status}, which is not the response of an application with JWT authentication"
    yield failure("native-jwt", url, message, advice)


def refresh_token_note(metadata: ProviderMetadata) -> str:
    """Return which setting of IRIS controls refresh tokens; empty for another provider."""
    return "; IRIS issues a refresh token if ReturnRefreshToken is empty, is f, or contains a or c" if is_iris(metadata) else ""


IRIS_KNOWLEDGE = ProductKnowledge(
    hints={
        "https": "IRIS rejects token requests without TLS.",
        "issuer": "In IRIS that is IssuerEndpoint (host, port, prefix).",
        "discovery": "In IRIS it is https://HOST[:PORT]/[PREFIX/]oauth2.",
        "refresh-token": "In IRIS: ReturnRefreshToken = a.",
        "logout": "In IRIS: Metadata frontchannel_logout_supported.",
        "authorization": "IRIS may need aud.",
        "pkce": "In IRIS: ForcePKCEForConfidentialClients = 1.",
        "client": "In IRIS a secret expires after ClientSecretInterval.",
        "route-fails": "503 may mean that IRIS has no free license.",
        "route-token": "In IRIS: delegated or OAuth 2.0 authentication, or OnPreDispatch.",
    },
    refresh_token_note=refresh_token_note,
    examiners={"iris_native": examine_native},
)
