"""Looks at an OpenID Provider: can the hub log people in there, keep them logged in, and log them out?"""

import json
import secrets
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from hub.config.settings import ProviderSettings, is_loopback
from hub.doctor.findings import Finding, failure, ok, skipped, warning
from hub.doctor.product import ProductKnowledge
from hub.doctor.web import NoAnswer, Reply, ask
from hub.errors import HubError, ProviderMisbehaved, ProviderRejectedClient
from hub.gateway.tls import trust
from hub.oidc.metadata import ProviderMetadata, build_discovery_url, process_metadata
from hub.oidc.private_key import setting_name
from hub.oidc.provider import OpenIDProvider
from hub.oidc.token_endpoint import TokenRefused
from hub.primitives.clock import Clock
from hub.primitives.secret import Secret

CLOCK_WARNING_SECONDS = 5.0
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B: nobody will ever redeem what it is for


async def examine_provider(
    settings: ProviderSettings, redirect_uri: str, clock: Clock, product: ProductKnowledge
) -> AsyncIterator[Finding]:
    """Yield what is found, the first things first; stops where the rest would only repeat the same trouble."""
    about, ca = settings.issuer, trust(settings.ca_file)
    yield _https(settings, product)
    try:
        reply = await ask(build_discovery_url(settings.issuer), ca=ca)
    except NoAnswer as error:
        yield _no_answer(settings, error)
        return
    yield ok("provider-reachable", about, "answers")
    yield _clock(settings, reply, clock.now())
    metadata = _metadata(settings, reply, product)
    if isinstance(metadata, Finding):
        yield metadata
        return
    yield ok("provider-issuer", about, "calls itself as the settings call it")
    for finding in (
        _offline_access(settings, metadata, product),
        _grants(settings, metadata),
        _logout(settings, metadata, product),
    ):
        yield finding
    try:
        yield _keys(settings, await ask(metadata.jwks_uri, ca=ca), metadata.jwks_uri)
        yield _redirect_uri(
            settings, await ask(_authorization_url(settings, metadata, redirect_uri, CHALLENGE), ca=ca), redirect_uri, product
        )
        yield _pkce(settings, await ask(_authorization_url(settings, metadata, redirect_uri, ""), ca=ca), redirect_uri, product)
    except NoAnswer as error:
        yield failure(
            "provider-endpoints", about, f"an endpoint does not answer ({error})", "See what the discovery document names."
        )
        return
    yield await _client(settings, redirect_uri, clock, product)


def _https(settings: ProviderSettings, product: ProductKnowledge) -> Finding:
    url = urlsplit(settings.issuer)
    if url.scheme == "https":
        return ok("provider-https", settings.issuer, "is reached by TLS")
    advice = product.advice("https", "Give the web server in front of the provider a certificate.")
    level = warning if is_loopback(url.hostname or "") else failure
    return level("provider-https", settings.issuer, "is plain HTTP: codes and tokens cross the network in clear", advice)


def _no_answer(settings: ProviderSettings, error: NoAnswer) -> Finding:
    if error.is_tls:
        setting = setting_name(settings, "ca_file")
        return failure("provider-tls", settings.issuer, f"its certificate is not trusted ({error})", f"Name its CA in {setting}.")
    return failure(
        "provider-reachable",
        settings.issuer,
        f"does not answer ({error})",
        f"See whether it runs, and whether {setting_name(settings, 'issuer')} names the right host, port and prefix.",
    )


def _clock(settings: ProviderSettings, reply: Reply, now: float) -> Finding:
    try:
        theirs = parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except ValueError:
        return skipped("provider-clock", settings.issuer, "says no time (Date)")
    difference = theirs - now
    if abs(difference) <= CLOCK_WARNING_SECONDS:
        return ok("provider-clock", settings.issuer, "has the same time")
    level = failure if abs(difference) > settings.leeway_seconds else warning
    message = f"its clock is {abs(difference):.0f} s {'ahead' if difference > 0 else 'behind'}"
    return level("provider-clock", settings.issuer, message, "Let both machines take their time from the same NTP servers.")


def _metadata(settings: ProviderSettings, reply: Reply, product: ProductKnowledge) -> ProviderMetadata | Finding:
    try:
        return process_metadata(reply.status, reply.body, settings.issuer, reply.headers)
    except HubError as error:
        named = _issuer_named(reply) if isinstance(error, ProviderMisbehaved) else None
        if named is not None and named != settings.issuer:
            return failure(
                "provider-issuer",
                settings.issuer,
                f"calls itself {named}",
                product.advice(
                    "issuer",
                    f"Set {setting_name(settings, 'issuer')} to exactly that, or correct what the provider calls itself.",
                ),
            )
        advice = product.advice("discovery", f"See {setting_name(settings, 'issuer')}.")
        return failure("provider-discovery", settings.issuer, error.detail, advice)


def _issuer_named(reply: Reply) -> str | None:
    try:
        document = json.loads(reply.body)
    except ValueError:
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
        "does not ask for offline_access: without a refresh token sessions end with the access token",
        product.advice("refresh-token", f"Add offline_access to {setting}, or let the provider give refresh tokens always."),
    )


def _grants(settings: ProviderSettings, metadata: ProviderMetadata) -> Finding:
    grants = metadata.grant_types_supported
    if grants is None or "refresh_token" in grants:
        return ok("provider-grants", settings.issuer, "knows refresh tokens")
    return warning(
        "provider-grants", settings.issuer, "lists no refresh tokens", "Allow the grant refresh_token at the provider."
    )


def _logout(settings: ProviderSettings, metadata: ProviderMetadata, product: ProductKnowledge) -> Finding:
    if metadata.end_session_endpoint is None:
        return warning(
            "provider-logout",
            settings.issuer,
            "has no end_session_endpoint: who logs out here stays logged in there",
            "Tell users so, or use a provider with RP-initiated logout.",
        )
    if not (metadata.frontchannel_logout_supported or metadata.backchannel_logout_supported):
        return warning(
            "provider-logout",
            settings.issuer,
            "tells clients of no logout: who logs out elsewhere stays logged in here",
            product.advice("logout", "Enable front-channel logout, and register the hub's URL."),
        )
    return ok("provider-logout", settings.issuer, "has logout, and tells its clients of it")


def _keys(settings: ProviderSettings, reply: Reply, url: str) -> Finding:
    try:
        keys = json.loads(reply.body)["keys"]
        usable = [key for key in keys if key.get("use", "sig") == "sig" and key.get("kty") in ("RSA", "EC", "OKP")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return failure("provider-keys", url, "publishes no key set (JWKS)", "See jwks_uri in the discovery document.")
    fitting = [key for key in usable if key.get("alg") is None or key["alg"] in settings.signing_algorithms]
    if fitting:
        return ok("provider-keys", url, f"publishes {len(fitting)} keys that ID tokens may be signed with")
    setting = setting_name(settings, "signing_algorithms")
    return failure(
        "provider-keys", url, f"publishes no key for {setting}", f"Name the provider's algorithm there: {_algorithms(usable)}."
    )


def _algorithms(keys: list[dict[str, str]]) -> str:
    return ", ".join(sorted({str(key.get("alg", "any")) for key in keys})) or "it has none to sign with"


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


def _error_sent_back(reply: Reply, redirect_uri: str) -> str | None:
    """Return the error with which the provider has sent the browser back; None if it did not."""
    location = reply.headers.get("location", "")
    if not location.startswith(redirect_uri):
        return None
    return parse_qs(urlsplit(location).query).get("error", [""])[0] or None


def _redirect_uri(settings: ProviderSettings, reply: Reply, redirect_uri: str, product: ProductKnowledge) -> Finding:
    if reply.status >= 400:
        return failure(
            "provider-redirect-uri",
            settings.issuer,
            f"refuses to begin a login (status {reply.status}): it does not know client_id or {redirect_uri}",
            "Register exactly this redirect URI for this client at the provider, letter by letter.",
        )
    if error := _error_sent_back(reply, redirect_uri):
        return failure(
            "provider-authorization",
            settings.issuer,
            f"refuses the authorization request: {error}",
            product.advice("authorization", f"See {setting_name(settings, 'scopes')} and authorization_parameters beside it."),
        )
    return ok("provider-redirect-uri", settings.issuer, f"knows the client and {redirect_uri}")


def _pkce(settings: ProviderSettings, reply: Reply, redirect_uri: str, product: ProductKnowledge) -> Finding:
    if reply.status >= 400 or _error_sent_back(reply, redirect_uri):
        return ok("provider-pkce", settings.issuer, "refuses a login without PKCE")
    return warning(
        "provider-pkce",
        settings.issuer,
        "would begin a login without PKCE; the hub always uses it, so that only others are at risk",
        product.advice("pkce", "Enforce it."),
    )


async def _client(settings: ProviderSettings, redirect_uri: str, clock: Clock, product: ProductKnowledge) -> Finding:
    """Try to redeem a code that does not exist: a provider looks at the client first."""
    provider = OpenIDProvider(settings, clock, lambda _: None)
    await provider.start()
    try:
        await provider.exchange_code(Secret(secrets.token_urlsafe(32)), Secret(secrets.token_urlsafe(32)), redirect_uri)
    except ProviderRejectedClient:
        return failure(
            "provider-client",
            setting_name(settings, "client_id"),
            "is not accepted: the secret (or key) is wrong, or has expired",
            product.advice("client", f"See {setting_name(settings, 'client_authentication')}; then make a new secret."),
        )
    except TokenRefused:
        return ok("provider-client", setting_name(settings, "client_id"), "is accepted at the token endpoint")
    except HubError as error:
        return failure(
            "provider-client", settings.issuer, f"its token endpoint cannot be used: {error}", "See the log of the provider."
        )
    finally:
        await provider.close()
    return failure(
        "provider-client", settings.issuer, "gave tokens for a code that nobody has issued", "Do not use this provider."
    )
