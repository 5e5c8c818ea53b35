"""The settings as one frozen, typed tree. `conf/hub.toml` lists each setting with its default, unit and meaning.

A test asserts that the file and these classes agree. Durations are in seconds, sizes in bytes. `hub.config.reader` reads the
settings.
"""

import ipaddress
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from hub.config.limits import LimitSettings as LimitSettings
from hub.config.topics import PublisherSettings as PublisherSettings
from hub.config.topics import TopicSettings as TopicSettings
from hub.primitives.secret import Secret

MAIN_PROVIDER = "main"  # the provider of [provider]: the default for logins

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1)]
Size = Annotated[int, Meta(ge=1)]

DEFAULT_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


class SettingsError(Exception):
    """The settings are not valid.

    Attributes:
        mistakes: One sentence for each mistake. It begins with the key of the setting.
    """

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Addresses at which the hub listens, and at which browsers reach it.

    Attributes:
        public_url: Scheme, host and port as browsers see them. Used for Origin checks and redirect URIs.
        listener: The server for browsers: `fast`, the hub's own; `tornado`, Tornado's, which costs more (docs/listeners.md).
        processes: Number of worker processes, which share the port (SO_REUSEPORT).
        trusted_proxies: Networks (CIDR) of proxies whose `X-Forwarded-For` is trusted; empty: none. If a network is too wide,
            clients can forge their address in limits and logs.
        allow_insecure_http: Allow plain HTTP on an address that is not loopback. The session cookie is then sent unencrypted,
            and anybody on the network can steal it.
        drain_delay_seconds: Time between `/readyz` reporting that the hub is not ready and the end of accepting connections. It
            should be longer than the load balancer needs to notice; 0 if it tries another node after a rejected connection.
        shutdown_timeout_seconds: Time that running requests get to finish when the hub is stopped.
        task_failure_seconds: The process ends with exit code 1 when a background task that is required to serve cannot run
            for so long although Redis responds.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str = "http://localhost:8080"
    listener: Literal["fast", "tornado"] = "fast"
    processes: Count = 1
    tls_certificate_file: str = ""
    tls_key_file: str = ""
    trusted_proxies: list[str] = field(default_factory=list)
    allow_insecure_http: bool = False
    shutdown_timeout_seconds: Positive = 30.0
    drain_delay_seconds: NotNegative = 0.0
    task_failure_seconds: Positive = 60.0

    @property
    def origin(self) -> str:
        """The origin (RFC 6454) whose pages may use the hub, in lower case and without a default port."""
        url = urlsplit(self.public_url)
        default = {"http": 80, "https": 443}.get(url.scheme)
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
        port = "" if url.port in (None, default) else f":{url.port}"
        return f"{url.scheme}://{host}{port}"

    @property
    def is_https(self) -> bool:
        """Whether browsers use https."""
        return self.public_url.lower().startswith("https://")

    @property
    def transport_scheme(self) -> str:
        """The scheme of the hub's own listener: `https` if it has a certificate, regardless of proxies."""
        return "https" if self.tls_certificate_file else "http"

    @property
    def cookies_are_secure(self) -> bool:
        """Whether browsers accept `Secure` cookies: always, except with plain HTTP on an address that is not loopback."""
        url = urlsplit(self.public_url)
        return url.scheme == "https" or is_loopback(url.hostname or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSettings:
    """The admin listener: health, readiness, metrics, sessions, publishing. Keep it on loopback or on a closed network.

    Attributes:
        token: Secret of operators, who may list and end sessions (`Authorization: Bearer`). Empty: nobody may do so over HTTP.
            Health and metrics need no token.
        token_file: A file that contains only the token.
    """

    host: str = "127.0.0.1"
    port: Port = 8081
    token: Secret = field(default_factory=lambda: Secret(""))
    token_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """The Redis in which sessions are stored.

    Attributes:
        url: `redis://`, `rediss://` or `unix://`; `redis+sentinel://host,host/service` and `redis+cluster://host,host`, with TLS
            `rediss+...` (`hub.session.redis_address`). Empty: the hub starts a private server for this machine.
        data_dir: Folder of the private server, and of the session keys if no other keys are set.
        timeout_seconds: Timeout of one Redis command. Afterwards Redis counts as down.
    """

    url: str = ""
    data_dir: str = "var"
    timeout_seconds: Positive = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """An identity provider, and the hub's registration as its client.

    Attributes:
        name: Name of the provider in callback URLs, sessions and logs. A session belongs to the provider of this name.
        kind: `openid`: an OpenID Provider, such as the authorization server of IRIS. `iris_native`: an IRIS REST application in
            native JWT mode.
        label: Name of the provider that users see when they choose between several.
        client_authentication: How the hub authenticates as a client: with the secret itself (`client_secret_basic`,
            `client_secret_post`; RFC 6749 section 2.3.1), or with a client assertion that is signed with the secret
            (`client_secret_jwt`) or with a private key (`private_key_jwt`; OpenID Connect Core 1.0 section 9). The private key
            never leaves the hub.
        client_key_file: Private key (PEM: RSA, EC or Ed25519) for `private_key_jwt`. Register its public key at the provider.
        client_key_id: `kid` of that key at the provider; empty: client assertions have none.
        client_assertion_algorithm: `alg` of client assertions; empty: an algorithm that fits the key or secret and that the
            provider lists.
        client_assertion_audience: `aud` of client assertions: the provider's `issuer` (RFC 7523bis), or its `token_endpoint`,
            which new configurations of IRIS expect.
        dpop_key_file: Private key (PEM: EC on P-256) to which the provider binds the tokens (DPoP, RFC 9449), so that stolen
            tokens are useless. Empty: bearer tokens.
        pushed_authorization: Whether the hub pushes the parameters of a login to the provider (RFC 9126), so that nobody can read
            or change them in the browser. `auto`: if the provider supports it.
        id_token_key_file: Private key (PEM: RSA or EC) for encrypted ID tokens. If it is set, ID tokens that are not encrypted
            are rejected.
        authorization_parameters: Additional parameters of each authorization request, such as `aud` for IRIS.
        signing_algorithms: Algorithms allowed for signatures of ID tokens. `none` and HMAC algorithms are not possible.
        leeway_seconds: Tolerated clock difference in ID tokens.
        timeout_seconds: Timeout of one call to the provider.
        ca_file: Certificates (PEM) to trust for this provider, in addition to those of the system.
        refresh_ends_access_token: Whether a refresh makes the old access token invalid at once, as with Django OAuth Toolkit. API
            calls then wait for a refresh that is due.
        end_session: How the session at the provider ends. `browser`: the browser visits the end-session endpoint, with the
            client ID and without an ID token. `direct`: the hub calls it with the latest ID token, by which IRIS finds the
            session. `auto`: `direct` for IRIS, recognized by the layout of its endpoints, `browser` for others.
        login_path: Path of the login endpoint of an `iris_native` application, below its URL; likewise the other three paths.
            They are class parameters of the application (TokenLoginEndpoint and so on).
    """

    name: str = MAIN_PROVIDER
    kind: Literal["openid", "iris_native"] = "openid"
    label: str = ""
    issuer: str = ""
    client_id: str = ""
    client_secret: Secret = field(default_factory=lambda: Secret(""))
    client_secret_file: str = ""
    client_authentication: Literal["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"] = (
        "client_secret_basic"
    )
    client_key_file: str = ""
    client_key_id: str = ""
    client_assertion_algorithm: str = ""
    client_assertion_audience: Literal["issuer", "token_endpoint"] = "issuer"
    dpop_key_file: str = ""
    pushed_authorization: Literal["auto", "always", "never"] = "auto"
    id_token_key_file: str = ""
    scopes: list[str] = field(default_factory=lambda: ["openid", "profile", "offline_access"])
    authorization_parameters: dict[str, str] = field(default_factory=dict)
    signing_algorithms: list[str] = field(
        default_factory=lambda: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
    )
    leeway_seconds: NotNegative = 60.0
    timeout_seconds: Positive = 10.0
    ca_file: str = ""
    refresh_ends_access_token: bool = False
    end_session: Literal["auto", "browser", "direct"] = "auto"
    login_path: str = "/login"
    refresh_path: str = "/refresh"
    logout_path: str = "/logout"
    revoke_path: str = "/revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """Lifetime of sessions, their encryption, and what the page may see of them.

    Attributes:
        idle_timeout_seconds: A session ends after this time without activity of its user.
        absolute_timeout_seconds: A session ends after this time in any case.
        key_files: Files with one 256-bit key each (base64url). The first key encrypts, all keys decrypt.
        key_dir: Folder of dated keys, made by `hub keys rotate`. The newest key that is old enough encrypts, all keys decrypt. If
            `key_dir` and `key_files` are empty, a hub with a private Redis uses `keys` in `redis.data_dir`.
        key_activation_seconds: Age at which a key of that folder begins to encrypt: longer than it takes to copy it to all
            machines.
        claims: Claims of ID token and userinfo, and members of the token response, that `GET /hub/session` shows to the page, in
            addition to `sub` and `name`.
        login_timeout_seconds: Time that a user has to log in at the provider.
        max_login_attempts: Login attempts of one browser at the same time. A new one replaces the oldest.
        login_attempts_per_user_per_minute: Allowed failed logins for one user name in the hub's own login form. Afterwards the
            name is blocked for a minute, and after each further failure for twice as long, up to 5 minutes.
        login_attempts_per_address_per_minute: Allowed failed logins from one address (IPv6: one /64 network) in that form.
        warning_seconds: How long before its end the page is warned of the end of its session; 0: no warning.
        end_after_last_channel_seconds: End a session this long after its last channel was closed, for kiosks and wards; 0: never.
            It must be longer than a page needs to reload or to reconnect.
        manage_max_age_seconds: Longest time since the login in which users may end their other sessions; 0: no limit.
    """

    idle_timeout_seconds: Positive = 900.0
    absolute_timeout_seconds: Positive = 43200.0
    key_files: list[str] = field(default_factory=list)
    key_dir: str = ""
    key_activation_seconds: NotNegative = 300.0
    claims: list[str] = field(default_factory=lambda: ["preferred_username", "email"])
    login_timeout_seconds: Positive = 600.0
    max_login_attempts: Count = 10
    login_attempts_per_user_per_minute: Count = 5
    login_attempts_per_address_per_minute: Count = 20
    warning_seconds: NotNegative = 60.0
    end_after_last_channel_seconds: NotNegative = 0.0
    manage_max_age_seconds: NotNegative = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """One path prefix, and the API behind it.

    Attributes:
        target: Base URL of the API: with prefix `/api` and target `https://iris.example/csp/clinic`, `/api/patients?x=1` goes to
            `/csp/clinic/patients?x=1`.
        token: `user` sends the access token of the session. `exchange` sends an audience-restricted token that the provider
            issues in exchange for it (RFC 8693). `client` sends a token of the hub itself (client credentials). All three need a
            login. `none` sends no token and needs no login.
        provider: For `client`: the provider that issues the token.
        audience: For `exchange` and `client`: the API for which the token is issued, by its name at the provider.
        resource: The API for which the token is issued, as an absolute URI (RFC 8707). With `user`, an additional token is
            requested for it.
        scopes: Scopes of the token for `exchange` and `client`; empty: the provider's default.
        max_age_seconds: Longest time since the user's authentication (step-up authentication); 0: no limit.
        acr_values: Accepted authentication methods for this route, the preferred first; empty: any.
        connect_timeout_seconds: Timeout for opening a connection.
        timeout_seconds: Timeout until the response begins, and between two chunks of it.
        csrf: `required`: each request needs a CSRF token. `fetch_metadata`: safe methods need only Fetch Metadata, for downloads
            by link; other methods still need a CSRF token.
        ca_file: Certificates (PEM) to trust for this API, in addition to those of the system.
        websocket: The target is a WebSocket server (%CSP.WebSocket in IRIS). The route then accepts only WebSockets.
        max_message_bytes: Largest message of such a WebSocket, in both directions.
        token_endpoints: Allow requests to paths that end in login, refresh, logout or revoke. At such paths IRIS's native JWT
            mode issues tokens, which would reach the browser.
        upstream_session: Session at the API that requests use, by cookies that the hub stores. `per_session`: one for each
            session of the hub. `per_user`: one for all sessions of a user. `none`: none. In IRIS each session takes a license
            unit if the application does not know the user by name.
        upstream_concurrency: Concurrent requests of one such session. IRIS executes them one by one.
        upstream_idle_seconds: Idle timeout of such a session (`Timeout` of the IRIS web application).
        upstream_logout: Path below the target that ends such a session, by GET; empty: it ends by its idle timeout.
        idempotency_header: Who interprets the request header `Idempotency-Key`. `api`: the header passes to the API unchanged.
            `hub`: its value is the hub's idempotency key, as that of `X-Hub-Key` is on every route, and the API does not see it.
        iris_errors: Treatment of error documents of %CSP.REST. `problem`: convert them to RFC 9457 problems with all members.
            `redacted`: the same without texts and parameters, which may show internals. `relay`: do not change them.
        preset: `fhir`: the target is a FHIR server with SMART scopes. Its address in JSON responses is replaced by that of the
            hub, the user's token is requested with it as `aud`, and pages get `patient`, `encounter` and `fhirUser`.
        proof: Algorithm with which to sign each request (HTTP message signatures, RFC 9421), so that a stolen token is useless
            without the key. Bodies are then held in memory.
        proof_key_file: For `hmac-sha256`, a file as made by `hub keys make`, whose key the API has too. For `ecdsa-p256-sha256`,
            an EC private key (PEM) on P-256.
        proof_key_id: `keyid` of the signatures.
    """

    prefix: str
    target: str
    methods: list[str] = field(default_factory=lambda: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    token: Literal["user", "exchange", "client", "none"] = "user"
    provider: str = MAIN_PROVIDER
    audience: str = ""
    resource: str = ""
    scopes: list[str] = field(default_factory=list)
    max_age_seconds: NotNegative = 0.0
    acr_values: list[str] = field(default_factory=list)
    connect_timeout_seconds: Positive = 5.0
    timeout_seconds: Positive = 30.0
    max_body_bytes: Size = 104857600
    csrf: Literal["required", "fetch_metadata"] = "required"
    ca_file: str = ""
    websocket: bool = False
    max_message_bytes: Size = 1048576
    token_endpoints: bool = False
    upstream_session: Literal["none", "per_session", "per_user"] = "none"
    upstream_concurrency: Count = 4
    upstream_idle_seconds: Positive = 900.0
    upstream_logout: str = "/?IRISLogout=end"
    idempotency_header: Literal["api", "hub"] = "api"
    iris_errors: Literal["problem", "redacted", "relay"] = "problem"
    preset: Literal["", "fhir"] = ""
    proof: Literal["none", "hmac-sha256", "ecdsa-p256-sha256"] = "none"
    proof_key_file: str = ""
    proof_key_id: str = "hub"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """Limits and timeouts of the channel protocol, by their names in docs/channel-protocol.md. `ready` announces them.

    Attributes:
        frame: Largest body frame.
        inline: Largest body inside a JSON message. Larger responses are sent as body frames.
        headers: Size of the headers of one request.
        header_fields: Number of headers of one request.
        path: Size of a path with its query.
        in_flight: Concurrent requests of one channel.
        queue: Requests of one channel that wait for a free slot.
        body: Largest body of one request.
        window: Flow-control window of one stream.
        connection_window: Flow-control window of all streams of one channel.
        outbox: Bytes that may wait for a slow client before the hub stops reading its requests.
        connections_per_session: Open channels of one session on one worker.
        connections: Open channels of one worker.
        subscriptions: Subscriptions of one channel.
        max_age_seconds: Age at which a client is asked to reconnect, give or take a tenth, so that the load spreads over the
            nodes.
        keep_seconds: How long the response to a request with an idempotency key is stored for a client that reconnects.
        kept_answer: Largest body of a stored response.
        kept_per_session: Size of all stored bodies of one session on one worker. New bodies replace the oldest.
        stalled_answer_timeout_seconds: A response for which the client gives no credit for this long is reset.
    """

    frame: Size = 65536
    inline: Size = 16384
    headers: Size = 16384
    header_fields: Count = 64
    path: Size = 4096
    in_flight: Count = 32
    queue: Count = 128
    body: Size = 104857600
    window: Size = 262144
    connection_window: Size = 1048576
    outbox: Size = 131072
    kept_answer: Size = 65536
    kept_per_session: Size = 1048576
    connections_per_session: Count = 10
    connections: Count = 20000
    subscriptions: Count = 32
    hello_timeout_seconds: Positive = 5.0
    request_timeout_seconds: Positive = 30.0
    request_timeout_max_seconds: Positive = 600.0
    heartbeat_interval_seconds: Positive = 25.0
    heartbeat_timeout_seconds: Positive = 10.0
    slow_reader_timeout_seconds: Positive = 10.0
    stalled_answer_timeout_seconds: Positive = 60.0
    keep_seconds: Positive = 120.0
    max_age_seconds: Positive = 43200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticSettings:
    """The application that the hub serves.

    Attributes:
        root: Folder with the built application. Navigation to an unknown path gets its index.html.
        content_security_policy: Value of `Content-Security-Policy` on each page. A looser policy makes injected scripts more
            dangerous. `{nonce}` in it and in a page (Angular's `ngCspNonce`) is replaced by a new secret in each response.
    """

    root: str = "static"
    content_security_policy: str = DEFAULT_CONTENT_SECURITY_POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Level and format of the log. `format` is `console` for people or `json` for machines. The log goes to standard error.

    Attributes:
        audit_file: File for audit events, as JSON; empty: they go to the log. The file may be moved at any time (logrotate).
    """

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["console", "json"] = "console"
    audit_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Attributes have the names of the TOML tables."""

    server: ServerSettings = field(default_factory=ServerSettings)
    admin: AdminSettings = field(default_factory=AdminSettings)
    redis: RedisSettings = field(default_factory=RedisSettings)
    provider: ProviderSettings = field(default_factory=ProviderSettings)
    providers: list[ProviderSettings] = field(default_factory=list)
    session: SessionSettings = field(default_factory=SessionSettings)
    routes: list[RouteSettings] = field(default_factory=list)
    topics: list[TopicSettings] = field(default_factory=list)
    publishers: list[PublisherSettings] = field(default_factory=list)
    channel: ChannelSettings = field(default_factory=ChannelSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    static: StaticSettings = field(default_factory=StaticSettings)
    log: LogSettings = field(default_factory=LogSettings)

    @property
    def all_providers(self) -> list[ProviderSettings]:
        """The main provider (`[provider]`) and the additional ones (`[[providers]]`)."""
        return [self.provider, *self.providers]


SECTIONS: dict[str, type] = {
    "server": ServerSettings,
    "admin": AdminSettings,
    "redis": RedisSettings,
    "provider": ProviderSettings,
    "session": SessionSettings,
    "channel": ChannelSettings,
    "limits": LimitSettings,
    "static": StaticSettings,
    "log": LogSettings,
}


def is_loopback(host: str) -> bool:
    """Return whether `host` is a loopback address, so that traffic to it does not cross a network."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
