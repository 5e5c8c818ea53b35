"""Checks of an OpenID Provider: whether login, refresh and logout can work."""

import secrets
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from hub.config.settings import ProviderSettings, is_loopback
from hub.doctor.findings import Finding, failure, ok, skipped, warning
from hub.doctor.product import ProductKnowledge
from hub.doctor.web import NoResponse, ProbeResponse, probe
from hub.errors import HubError, ProviderMisbehaved, ProviderRejectedClient
from hub.gateway.tls import trust
from hub.oidc.metadata import ProviderMetadata, build_discovery_url, process_metadata
from hub.oidc.private_key import setting_name
from hub.oidc.provider import OpenIDProvider
from hub.oidc.token_endpoint import TokenRefused
from hub.primitives.clock import Clock
from hub.primitives.json_decoder import UnreadableJson, decode_any
from hub.primitives.secret import Secret

CLOCK_WARNING_SECONDS = 5.0
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B; the code of this request is never redeemed


async def examine_provider(
    settings: ProviderSettings, redirect_uri: str, clock: Clock, product: ProductKnowledge
) -> AsyncIterator[Finding]:
    """Yield the findings, the most basic ones first. Stops where later checks would fail for the same reason."""
    about, ca = settings.issuer, trust(settings.ca_file)
    yield _https(settings, product)
    try:
        response = await probe(build_discovery_url(settings.issuer), ca=ca)
    except NoResponse as error:
        yield _no_response(settings, error)
        return
    yield ok("provider-reachable", about, "responds")
    yield _clock(settings, response, clock.now())
    metadata = _metadata(settings, response, product)
    if isinstance(metadata, Finding):
        yield metadata
        return
    yield ok("provider-issuer", about, "has the issuer of the settings")
    for finding in (
        _offline_access(settings, metadata, product),
        _grants(settings, metadata),
        _logout(settings, metadata, product),
    ):
        yield finding
    try:
        yield _keys(settings, await probe(metadata.jwks_uri, ca=ca), metadata.jwks_uri)
        yield _redirect_uri(
            settings, await probe(_authorization_url(settings, metadata, redirect_uri, CHALLENGE), ca=ca), redirect_uri, product
        )
        yield _pkce(settings, await probe(_authorization_url(settings, metadata, redirect_uri, ""), ca=ca), redirect_uri, product)
    except NoResponse as error:
        yield failure(
            "provider-endpoints", about, f"an endpoint does not respond ({error})", "Check the URLs in the discovery document."
        )
        return
    yield await _client(settings, redirect_uri, clock, product)


def _https(settings: ProviderSettings, product: ProductKnowledge) -> Finding:
    url = urlsplit(settings.issuer)
    if url.scheme == "https":
        return ok("provider-https", settings.issuer, "uses TLS")
    advice = product.advice("https", "Install a TLS certificate on the web server of the provider.")
    level = warning if is_loopback(url.hostname or "") else failure
    return level("provider-https", settings.issuer, "is plain HTTP: codes and tokens cross the network unencrypted", advice)


def _no_response(settings: ProviderSettings, error: NoResponse) -> Finding:
    if error.is_tls:
        setting = setting_name(settings, "ca_file")
        return failure(
            "provider-tls",
            settings.issuer,
            f"its certificate is not trusted ({error})",
            f"Set {setting} to the certificate of its CA.",
        )
    return failure(
        "provider-reachable",
        settings.issuer,
        f"does not respond ({error})",
        f"Check that it runs, and check host, port and prefix in {setting_name(settings, 'issuer')}.",
    )


def _clock(settings: ProviderSettings, response: ProbeResponse, now: float) -> Finding:
    try:
        theirs = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except ValueError:
        return skipped("provider-clock", settings.issuer, "sends no Date header")
    difference = theirs - now
    if abs(difference) <= CLOCK_WARNING_SECONDS:
        return ok("provider-clock", settings.issuer, "its clock agrees with this machine")
    level = failure if abs(difference) > settings.leeway_seconds else warning
    message = f"its clock is {abs(difference):.0f} s {'ahead' if difference > 0 else 'behind'}"
    return level("provider-clock", settings.issuer, message, "Use the same NTP servers on both machines.")


def _metadata(settings: ProviderSettings, response: ProbeResponse, product: ProductKnowledge) -> ProviderMetadata | Finding:
    try:
        return process_metadata(response.status, response.body, settings.issuer, response.headers)
    except HubError as error:
        named = _issuer_named(response) if isinstance(error, ProviderMisbehaved) else None
        if named is not None and named != settings.issuer:
            return failure(
                "provider-issuer",
                settings.issuer,
                f"has the issuer {named}",
                product.advice(
                    "issuer",
                    f"Set {setting_name(settings, 'issuer')} to exactly that, or correct what the provider calls itself.",
                ),
            )
        advice = product.advice("discovery", f"Check {setting_name(settings, 'issuer')}.")
        return failure("provider-discovery", settings.issuer, error.detail, advice)


def _issuer_named(response: ProbeResponse) -> str | None:
    try:
        document = decode_any(response.body)
    except UnreadableJson:
        return None
    issuer = document.get("issuer") if isinstance(document, dict) else None
    return issuer if isinstance(issuer, str) else None


def _offline_access(settings: ProviderSettings, metadata: ProviderMetadata, product: ProductKnowledge) -> Finding:
    setting = setting_name(settings, "scopes")
    if "offline_access" in settings.scopes:
        return ok("provider-offline-access", setting, f"asks for offline_access{product.refresh_token_note(metadata)}")
    return warning(
        "provider-offline-access",
        setting,
        "does not contain offline_access: without a refresh token, sessions end with the access token",
        product.advice("refresh-token", f"Add offline_access to {setting}, or make the provider always issue refresh tokens."),
    )


def _grants(settings: ProviderSettings, metadata: ProviderMetadata) -> Finding:
    grants = metadata.grant_types_supported
    if grants is None or "refresh_token" in grants:
        return ok("provider-grants", settings.issuer, "supports refresh tokens")
    return warning(
        "provider-grants", settings.issuer, "does not list refresh tokens", "Allow the grant type refresh_token at the provider."
    )


def _logout(settings: ProviderSettings, metadata: ProviderMetadata, product: ProductKnowledge) -> Finding:
    if metadata.end_session_endpoint is None:
        return warning(
            "provider-logout",
            settings.issuer,
            "has no end_session_endpoint: users who log out at the hub stay logged in at the provider",
            "Tell your users, or use a provider with RP-initiated logout.",
        )
    if not (metadata.frontchannel_logout_supported or metadata.backchannel_logout_supported):
        return warning(
            "provider-logout",
            settings.issuer,
            "does not send logout notifications: users who log out elsewhere stay logged in at the hub",
            product.advice("logout", "Enable front-channel logout, and register the hub's URL."),
        )
    return ok("provider-logout", settings.issuer, "supports logout, and notifies its clients")


def _keys(settings: ProviderSettings, response: ProbeResponse, url: str) -> Finding:
    try:
        keys = decode_any(response.body)["keys"]
        usable = [key for key in keys if key.get("use", "sig") == "sig" and key.get("kty") in ("RSA", "EC", "OKP")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return failure("provider-keys", url, "publishes no key set (JWKS)", "Check jwks_uri in the discovery document.")
    fitting = [key for key in usable if key.get("alg") is None or key["alg"] in settings.signing_algorithms]
    if fitting:
        return ok("provider-keys", url, f"publishes {len(fitting)} usable signing keys")
    setting = setting_name(settings, "signing_algorithms")
    return failure(
        "provider-keys",
        url,
        f"publishes no key for {setting}",
        f"Add the algorithm of the provider there: {_algorithms(usable)}.",
    )


def _algorithms(keys: list[dict[str, str]]) -> str:
    return ", ".join(sorted({str(key.get("alg", "any")) for key in keys})) or "it has no signing keys"


def _authorization_url(settings: ProviderSettings, metadata: ProviderMetadata, redirect_uri: str, challenge: str) -> str:
    parameters = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(settings.scopes),
        "state": secrets.token_urlsafe(16),
        "nonce": secrets.token_urlsafe(16),
        **settings.authorization_parameters,
        **({"code_challenge": challenge, "code_challenge_method": "S256"} if challenge else {}),
    }
    mark = "&" if "?" in metadata.authorization_endpoint else "?"
    return f"{metadata.authorization_endpoint}{mark}{urlencode(parameters)}"


def _error_sent_back(response: ProbeResponse, redirect_uri: str) -> str | None:
    """Return the error code with which the provider redirects back; None if it does not redirect back with an error."""
    location = response.headers.get("location", "")
    if not location.startswith(redirect_uri):
        return None
    return parse_qs(urlsplit(location).query).get("error", [""])[0] or None


def _redirect_uri(settings: ProviderSettings, response: ProbeResponse, redirect_uri: str, product: ProductKnowledge) -> Finding:
    if response.status >= 400:
        return failure(
            "provider-redirect-uri",
            settings.issuer,
            f"rejects the login (status {response.status}): it does not know client_id or {redirect_uri}",
            "Register exactly this redirect URI for this client at the provider.",
        )
    if error := _error_sent_back(response, redirect_uri):
        return failure(
            "provider-authorization",
            settings.issuer,
            f"rejects the authorization request: {error}",
            product.advice("authorization", f"Check {setting_name(settings, 'scopes')} and authorization_parameters."),
        )
    return ok("provider-redirect-uri", settings.issuer, f"accepts the client and {redirect_uri}")


def _pkce(settings: ProviderSettings, response: ProbeResponse, redirect_uri: str, product: ProductKnowledge) -> Finding:
    if response.status >= 400 or _error_sent_back(response, redirect_uri):
        return ok("provider-pkce", settings.issuer, "rejects logins without PKCE")
    return warning(
        "provider-pkce",
        settings.issuer,
        "accepts logins without PKCE. The hub always uses PKCE; other clients may be at risk",
        product.advice("pkce", "Enforce PKCE at the provider."),
    )


async def _client(settings: ProviderSettings, redirect_uri: str, clock: Clock, product: ProductKnowledge) -> Finding:
    """Try to redeem a code that does not exist. Providers check the client authentication before the code."""
    provider = OpenIDProvider(settings, clock, lambda _: None)
    await provider.start()
    try:
        await provider.exchange_code(Secret(secrets.token_urlsafe(32)), Secret(secrets.token_urlsafe(32)), redirect_uri)
    except ProviderRejectedClient:
        return failure(
            "provider-client",
            setting_name(settings, "client_id"),
            "is rejected: the secret or key is wrong or has expired",
            product.advice("client", f"Check {setting_name(settings, 'client_authentication')}; then create a new secret."),
        )
    except TokenRefused:
        return ok("provider-client", setting_name(settings, "client_id"), "is accepted at the token endpoint")
    except HubError as error:
        return failure(
            "provider-client", settings.issuer, f"its token endpoint does not work: {error}", "Read the log of the provider."
        )
    finally:
        await provider.close()
    return failure("provider-client", settings.issuer, "issued tokens for an invented code", "Do not use this provider.")
