"""Check settings for mistakes that types cannot express. Reads no file, but checks whether named ones exist."""

import ipaddress
import re
from pathlib import Path

from hub.config.allowed_providers import allowed_provider_mistakes
from hub.config.content_policies import PRESETS, is_policy
from hub.config.hosts import ascii_host, host_of, is_ip_address
from hub.config.route_rules import parse_url, route_mistakes
from hub.config.settings import (
    MAIN_PROVIDER,
    AdminSettings,
    ChannelSettings,
    LogSettings,
    ProviderSettings,
    ServerSettings,
    SessionSettings,
    Settings,
    StaticSettings,
    UpstreamSettings,
    is_loopback,
)
from hub.primitives.secret import Secret

TOPIC_PATTERN = re.compile(r"[A-Za-z0-9._~:/-]{0,127}(?:\*|[A-Za-z0-9._~:/-])")
USER_SEPARATOR = "|"  # between issuer and subject, where both together name a user
REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")


def contradictions(settings: Settings) -> list[str]:
    """Return all mistakes, as sentences that begin with the key of the setting."""
    return [
        *_server_mistakes(settings.server),
        *_redis_mistakes(settings),
        *_provider_mistakes("provider", settings.provider, settings.server.allow_insecure_http),
        *_further_provider_mistakes(settings),
        *_session_mistakes(settings.session),
        *_admin_mistakes(settings.admin),
        *_topic_mistakes(settings),
        *_log_mistakes(settings.log),
        *_static_mistakes(settings.static),
        *route_mistakes(settings),
        *allowed_provider_mistakes(settings),
        *_channel_mistakes(settings.channel),
        *_upstream_mistakes(settings.upstream),
    ]


def _server_mistakes(server: ServerSettings) -> list[str]:
    mistakes = []
    url = parse_url(server.public_url)
    if not url.hostname or url.path.strip("/") or url.query or url.fragment:
        mistakes.append("server.public_url: must be scheme, host and port only, such as https://clinic.example.")
    elif url.scheme == "http" and not is_loopback(url.hostname) and not server.allow_insecure_http:
        mistakes.append(
            "server.public_url: with plain HTTP, anybody on the network can read the session cookie. Use https, or set "
            "server.allow_insecure_http = true on a network that you trust."
        )
    elif not _is_host(url.hostname):
        mistakes.append(f"server.public_url: {url.hostname} is not a valid host name.")
    mistakes.extend(
        f"server.extra_hosts: {name!r} is not a host. Write only its name or address, such as clinic.example or 10.1.2.3."
        for name in server.extra_hosts
        if not _is_host(name)
    )
    if bool(server.tls_certificate_file) != bool(server.tls_key_file):
        missing = "tls_key_file" if server.tls_certificate_file else "tls_certificate_file"
        mistakes.append(f"server.{missing}: is missing. Set both certificate and key.")
    mistakes.extend(
        f"server.{key}: there is no file {value}."
        for key in ("tls_certificate_file", "tls_key_file")
        if (value := getattr(server, key)) and not Path(value).is_file()
    )
    for network in server.trusted_proxies:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            mistakes.append(f"server.trusted_proxies: {network!r} is not a network. Write it as 10.0.0.0/8 or 10.1.2.3.")
    return mistakes


def _is_host(name: str) -> bool:
    try:
        return is_ip_address(name) or host_of(ascii_host(name)) == ascii_host(name)
    except ValueError:
        return False


def _redis_mistakes(settings: Settings) -> list[str]:
    url = settings.redis.url
    if not url:
        return []
    mistakes = []
    if url.partition("://")[0] not in REDIS_SCHEMES:
        mistakes.append(f"redis.url: must begin with {', '.join(REDIS_SCHEMES)} and ://.")
    if not settings.session.key_files and not settings.session.key_dir:
        mistakes.append(
            "session.key_files: is missing. Hubs that share one Redis need the same key. Create one with "
            "`python run.py keys make FILE` and set it on each machine, or set session.key_dir to a folder of keys."
        )
    if settings.session.key_dir and not Path(settings.session.key_dir).is_dir():
        mistakes.append(f"session.key_dir: there is no folder {settings.session.key_dir}.")
    return mistakes


def _provider_mistakes(key: str, provider: ProviderSettings, allow_insecure_http: bool) -> list[str]:
    """Return the mistakes of one provider. `key` is its key in the settings."""
    mistakes = _issuer_mistakes(key, provider, allow_insecure_http)
    if provider.ca_file and not Path(provider.ca_file).is_file():
        mistakes.append(f"{key}.ca_file: there is no file {provider.ca_file}.")
    if provider.kind == "openid":
        mistakes.extend(_client_mistakes(key, provider))
    else:
        mistakes.extend(_native_mistakes(key, provider))
    return mistakes


def _native_mistakes(key: str, provider: ProviderSettings) -> list[str]:
    """Return the mistakes of an IRIS application in native JWT mode. It needs no client ID, secret or scopes."""
    return [
        f"{key}.{name}: must be a path of the application, such as /login."
        for name in ("login_path", "refresh_path", "logout_path", "revoke_path")
        if not NATIVE_PATH.fullmatch(getattr(provider, name))
    ]


def _issuer_mistakes(key: str, provider: ProviderSettings, allow_insecure_http: bool) -> list[str]:
    url = parse_url(provider.issuer)
    if not provider.issuer:
        return [f"{key}.issuer: is missing."]
    if not url.hostname or url.query or url.fragment:
        return [f"{key}.issuer: must be the issuer URL of the provider, without query or fragment."]
    if USER_SEPARATOR in provider.issuer:
        return [f"{key}.issuer: must not contain {USER_SEPARATOR}, which no URL contains (RFC 3986)."]
    if url.scheme == "http" and not is_loopback(url.hostname or "") and not allow_insecure_http:
        return [f"{key}.issuer: must be https. With http, codes and tokens would cross the network unencrypted."]
    return []


def _client_mistakes(key: str, provider: ProviderSettings) -> list[str]:
    mistakes = [] if provider.client_id else [f"{key}.client_id: is missing."]
    mistakes.extend(_authentication_mistakes(key, provider))
    if provider.id_token_key_file and not Path(provider.id_token_key_file).is_file():
        mistakes.append(f"{key}.id_token_key_file: there is no file {provider.id_token_key_file}.")
    if provider.dpop_key_file and not Path(provider.dpop_key_file).is_file():
        mistakes.append(f"{key}.dpop_key_file: there is no file {provider.dpop_key_file}.")
    if "openid" not in provider.scopes:
        mistakes.append(f"{key}.scopes: must contain openid. Otherwise the provider sends no ID token.")
    weak = [name for name in provider.signing_algorithms if name.lower() == "none" or name.startswith("HS")]
    if weak:
        mistakes.append(f"{key}.signing_algorithms: {', '.join(weak)} is not secure here. Use asymmetric algorithms.")
    reserved = sorted(RESERVED_AUTHORIZATION_PARAMETERS.intersection(provider.authorization_parameters))
    mistakes.extend(f"{key}.authorization_parameters: {name} is set by the hub. Remove it." for name in reserved)
    max_age = provider.authorization_parameters.get("max_age", "0")
    if not (max_age.isascii() and max_age.isdigit()):  # otherwise the hub could not check the auth_time of the ID token
        mistakes.append(f"{key}.authorization_parameters: max_age must be a whole number of seconds.")
    return mistakes


def _authentication_mistakes(key: str, provider: ProviderSettings) -> list[str]:
    """Return the mistakes in the client authentication of a provider."""
    method, mistakes = provider.client_authentication, []
    if method == "private_key_jwt":
        if not provider.client_key_file:
            mistakes.append(f"{key}.client_key_file: is missing. private_key_jwt signs with this key.")
        elif not Path(provider.client_key_file).is_file():
            mistakes.append(f"{key}.client_key_file: there is no file {provider.client_key_file}.")
    elif not provider.client_secret and not provider.client_secret_file:
        mistakes.append(f"{key}.client_secret: is missing. Set it, or better, set {key}.client_secret_file.")
    if method != "private_key_jwt":
        unused = [name for name in ("client_key_file", "client_key_id") if getattr(provider, name)]
        mistakes.extend(f"{key}.{name}: has no meaning with client_authentication = {method}. Remove it." for name in unused)
    mistakes.extend(_assertion_mistakes(key, provider))
    return mistakes


def _assertion_mistakes(key: str, provider: ProviderSettings) -> list[str]:
    method, algorithm = provider.client_authentication, provider.client_assertion_algorithm
    known = ASSERTION_ALGORITHMS.get(method, ())
    if algorithm and algorithm not in known:
        meaning = f"must be one of {', '.join(known)}" if known else "has no meaning"
        return [f"{key}.client_assertion_algorithm: {meaning} with client_authentication = {method}."]
    secret = provider.client_secret.reveal().encode()
    if method == "client_secret_jwt" and secret and len(secret) < SHORTEST_SECRET[algorithm or "HS256"]:
        return [
            f"{key}.client_secret: must have at least {SHORTEST_SECRET[algorithm or 'HS256']} bytes to sign with "
            f"{algorithm or 'HS256'} (RFC 7518 section 3.2)."
        ]
    return []


def _further_provider_mistakes(settings: Settings) -> list[str]:
    mistakes = []
    if settings.provider.name != MAIN_PROVIDER:
        mistakes.append(f"provider.name: must be {MAIN_PROVIDER}. Only [[providers]] have other names.")
    seen = {MAIN_PROVIDER}
    for index, provider in enumerate(settings.providers):
        key = f"providers[{index}]"
        if not PROVIDER_NAME.fullmatch(provider.name):
            mistakes.append(
                f"{key}.name: may contain only lower-case letters, digits and hyphens, because it is part of the callback URL."
            )
        elif provider.name in seen:
            mistakes.append(f"{key}.name: {provider.name} is also the name of another provider.")
        seen.add(provider.name)
        mistakes.extend(_provider_mistakes(key, provider, settings.server.allow_insecure_http))
    return mistakes


SHORTEST_SECRET = {"HS256": 32, "HS384": 48, "HS512": 64}
ASSERTION_ALGORITHMS = {
    "client_secret_jwt": tuple(SHORTEST_SECRET),
    "private_key_jwt": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"),
}

PROVIDER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
NATIVE_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")

RESERVED_AUTHORIZATION_PARAMETERS = frozenset(
    {"response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce"}
    | {"code_challenge", "code_challenge_method", "request", "request_uri"}
)


def _session_mistakes(session: SessionSettings) -> list[str]:
    mistakes = [f"session.key_files: there is no file {name}." for name in session.key_files if not Path(name).is_file()]
    if session.idle_timeout_seconds > session.absolute_timeout_seconds:
        mistakes.append("session.idle_timeout_seconds: must not be longer than session.absolute_timeout_seconds.")
    mistakes.extend(_closing_mistakes(session))
    return mistakes


def _closing_mistakes(session: SessionSettings) -> list[str]:
    seconds = session.end_after_last_channel_seconds
    if 0 < seconds < SHORTEST_RELOAD_SECONDS:
        return [
            "session.end_after_last_channel_seconds: must be 0 or at least "
            f"{SHORTEST_RELOAD_SECONDS:.0f}, because a page that reloads closes its channel too."
        ]
    return []


def _admin_mistakes(admin: AdminSettings) -> list[str]:
    if admin.token and len(admin.token.reveal()) < SHORTEST_ADMIN_TOKEN:
        return [f"admin.token: must have at least {SHORTEST_ADMIN_TOKEN} random characters."]
    return []


def _topic_mistakes(settings: Settings) -> list[str]:
    """Return the mistakes of topics and publishers: invalid or repeated names, missing or shared secrets."""
    mistakes = [
        f"topics[{index}].name: may contain only letters, digits and . _ ~ : / - and a * at the end."
        for index, topic in enumerate(settings.topics)
        if not TOPIC_PATTERN.fullmatch(topic.name)
    ]
    names = [topic.name for topic in settings.topics]
    mistakes += [
        f"topics[{index}].name: {name} is also the name of an earlier topic."
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    tokens: set[Secret] = {settings.admin.token}
    for index, publisher in enumerate(settings.publishers):
        key = f"publishers[{index}]"
        if len(publisher.token.reveal()) < SHORTEST_ADMIN_TOKEN:
            mistakes.append(f"{key}.token_file: must contain a secret of at least {SHORTEST_ADMIN_TOKEN} characters.")
        elif publisher.token in tokens:
            mistakes.append(f"{key}.token: is also used by another publisher or by admin.token. Each needs its own secret.")
        tokens.add(publisher.token)
        mistakes += [
            f"{key}.topics: {pattern!r} is not a valid topic."
            for pattern in publisher.topics
            if not TOPIC_PATTERN.fullmatch(pattern)
        ]
    return mistakes


def _log_mistakes(log: LogSettings) -> list[str]:
    if log.audit_file and not Path(log.audit_file).absolute().parent.is_dir():
        return [f"log.audit_file: there is no folder {Path(log.audit_file).absolute().parent}."]
    return []


def _static_mistakes(static: StaticSettings) -> list[str]:
    mistakes = []
    if not re.fullmatch(r"[A-Za-z0-9_-]*", static.default_locale):
        mistakes.append("static.default_locale: must be the name of a folder in static.root, such as de.")
    if not static.negotiate_locale and not static.default_locale:
        mistakes.append("static.default_locale: is missing. It is the language of everybody if static.negotiate_locale is false.")
    if not is_policy(static.content_security_policy):
        mistakes.append(f"static.content_security_policy: must be a policy, or one of the presets {', '.join(PRESETS)}.")
    return mistakes


SHORTEST_RELOAD_SECONDS = 5.0
SHORTEST_ADMIN_TOKEN = 32


def _channel_mistakes(channel: ChannelSettings) -> list[str]:
    mistakes = []
    if channel.inline > channel.frame:
        mistakes.append("channel.inline: must not be larger than channel.frame.")
    if channel.window > channel.connection_window:
        mistakes.append("channel.window: must not be larger than channel.connection_window.")
    if channel.request_timeout_seconds > channel.request_timeout_max_seconds:
        mistakes.append("channel.request_timeout_seconds: must not be longer than channel.request_timeout_max_seconds.")
    return mistakes


def _upstream_mistakes(upstream: UpstreamSettings) -> list[str]:
    mistakes = []
    if upstream.connections_per_target > upstream.connections + upstream.reserved_connections:
        mistakes.append("upstream.connections_per_target: must not be larger than connections and reserved_connections together.")
    mistakes.extend(
        f"upstream.{key}: must not be larger than upstream.connections_per_target."
        for key in ("reserved_connections", "connections_per_user", "connections_per_address")
        if getattr(upstream, key) > upstream.connections_per_target
    )
    return mistakes
