"""What the doctor knows about IRIS: advice, and how to examine a REST application in the native JWT mode."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from hub.config.settings import ProviderSettings, is_loopback
from hub.doctor.findings import Finding, failure, ok, warning
from hub.doctor.product import ProductKnowledge
from hub.doctor.web import NoAnswer, ask
from hub.gateway.tls import trust
from hub.iris.dialect import is_iris
from hub.oidc.metadata import ProviderMetadata
from hub.oidc.private_key import setting_name


async def examine_native(settings: ProviderSettings) -> AsyncIterator[Finding]:
    """Yield what is found."""
    url = settings.issuer.rstrip("/") + settings.login_path
    parts = urlsplit(url)
    if parts.scheme != "https":
        level = warning if is_loopback(parts.hostname or "") else failure
        advice = "Give the web server in front of IRIS a certificate."
        yield level("provider-https", settings.issuer, "is plain HTTP: passwords cross the network in clear", advice)
    try:
        reply = await ask(url, method="POST", ca=trust(settings.ca_file))
    except NoAnswer as error:
        if error.is_tls:
            advice = f"Name its CA in {setting_name(settings, 'ca_file')}."
            yield failure("provider-tls", url, f"its certificate is not trusted ({error})", advice)
        else:
            advice = f"See whether it runs, and {setting_name(settings, 'issuer')}."
            yield failure("provider-reachable", url, f"does not answer ({error})", advice)
        return
    if reply.status == 401 and "www-authenticate" not in reply.headers:
        yield ok("native-jwt", url, "takes logins")
        return
    advice = "In IRIS set JWTAuthEnabled = 1 and password authentication (AutheEnabled 32) for this web application."
    message = f"answers {reply.status} and does not look like an application with JWT authentication"
    yield failure("native-jwt", url, message, advice)


def refresh_token_note(metadata: ProviderMetadata) -> str:
    """Return which setting of IRIS decides about refresh tokens; empty for another provider."""
    return "; in IRIS a refresh token then comes if ReturnRefreshToken is empty, f, or holds a or c" if is_iris(metadata) else ""


IRIS_KNOWLEDGE = ProductKnowledge(
    hints={
        "https": "IRIS refuses token requests without TLS.",
        "issuer": "In IRIS that is IssuerEndpoint (host, port, prefix).",
        "discovery": "In IRIS it is https://HOST[:PORT]/[PREFIX/]oauth2.",
        "refresh-token": "In IRIS: ReturnRefreshToken = a.",
        "logout": "In IRIS: Metadata frontchannel_logout_supported.",
        "authorization": "IRIS may want aud.",
        "pkce": "In IRIS: ForcePKCEForConfidentialClients = 1.",
        "client": "In IRIS a secret expires after ClientSecretInterval.",
        "route-fails": "503 may mean that IRIS has no licence free.",
        "route-token": "In IRIS: delegated or OAuth 2.0 authentication, or OnPreDispatch.",
    },
    refresh_token_note=refresh_token_note,
    examiners={"iris_native": examine_native},
)
