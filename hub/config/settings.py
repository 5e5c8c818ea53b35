"""The settings as one frozen, typed tree. `conf/hub.toml` lists all of them with default, unit and meaning.

A test holds that file and these classes together. Durations are in seconds, sizes in bytes. `hub.config.reader` reads them.
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

MAIN_PROVIDER = "main"  # the one of [provider], which logs in whoever names no other

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
    """The settings cannot be used.

    Attributes:
        mistakes: One sentence for each mistake, each beginning with the key it is about.
    """

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the hub listens and how browsers reach it.

    Attributes:
        public_url: Scheme, host and port as browsers see them; Origin checks and redirect URIs are made from it.
        processes: Worker processes on the one port (SO_REUSEPORT).
        trusted_proxies: Networks (CIDR) whose `X-Forwarded-For` is believed. Empty: nobody's. Naming too wide a network lets
            clients forge their address in limits and logs.
        allow_insecure_http: Serve plain HTTP on an address that is not loopback. The session cookie is then sent in clear
            and can be stolen by anybody on the network.
        drain_delay_seconds: Time from the moment when `/readyz` says no until no more connections are taken: longer than a
            load balancer takes to notice; 0 if it tries another node when one refuses.
        shutdown_timeout_seconds: Time that requests in flight get to finish when the hub is stopped.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str = "http://localhost:8080"
    processes: Count = 1
    tls_certificate_file: str = ""
    tls_key_file: str = ""
    trusted_proxies: list[str] = field(default_factory=list)
    allow_insecure_http: bool = False
    shutdown_timeout_seconds: Positive = 30.0
    drain_delay_seconds: NotNegative = 0.0

    @property
    def origin(self) -> str:
        """The one origin (RFC 6454) whose pages may use the hub: lower case, without a default port."""
        url = urlsplit(self.public_url)
        default = {"http": 80, "https": 443}.get(url.scheme)
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
        port = "" if url.port in (None, default) else f":{url.port}"
        return f"{url.scheme}://{host}{port}"

    @property
    def is_https(self) -> bool:
        """Whether browsers come over https."""
        return self.public_url.lower().startswith("https://")

    @property
    def transport_scheme(self) -> str:
        """What the hub's own sockets speak: `https` if it has a certificate, whatever stands in front of it."""
        return "https" if self.tls_certificate_file else "http"

    @property
    def cookies_are_secure(self) -> bool:
        """Whether the browser will keep and send `Secure` cookies: always, unless plain HTTP was asked for by setting."""
        url = urlsplit(self.public_url)
        return url.scheme == "https" or is_loopback(url.hostname or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSettings:
    """The listener for health, readiness, metrics, and sessions. Keep it on loopback or on a closed network.

    Attributes:
        token: Whoever shows this secret (`Authorization: Bearer`) may list and end sessions. Empty: nobody may, over HTTP. The
            rest of the listener needs no login.
        token_file: A file with nothing but the token.
    """

    host: str = "127.0.0.1"
    port: Port = 8081
    token: Secret = field(default_factory=lambda: Secret(""))
    token_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """Where sessions are kept.

    Attributes:
        url: `redis://`, `rediss://` or `unix://`; `redis+sentinel://host,host/service` and `redis+cluster://host,host`, with TLS
            `rediss+...` (`hub.session.redis_address`). Empty starts a private server for this machine alone.
        data_dir: Where the private server keeps its data, and the hub its session keys when no others are named.
        timeout_seconds: After this long without an answer Redis counts as down.
    """

    url: str = ""
    data_dir: str = "var"
    timeout_seconds: Positive = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """A provider of logins, and who the hub is there.

    Attributes:
        name: Names the provider in callback URLs, sessions and logs. A session belongs to the provider of this name.
        kind: `openid`: an OpenID Provider, IRIS's authorization server among them. `iris_native`: the JWT authentication of an
            IRIS REST application.
        label: How the provider is called before people who choose between several.
        client_authentication: How the hub proves who it is: with the secret itself (`client_secret_basic`, `client_secret_post`;
            RFC 6749 section 2.3.1), or with a JWT that is signed with the secret (`client_secret_jwt`) or with a private key
            (`private_key_jwt`; OpenID Connect Core 1.0 section 9). With a private key nobody else holds what the hub proves.
        client_key_file: Private key (PEM: RSA, EC or Ed25519) for `private_key_jwt`; its public half is registered at the
            provider.
        client_key_id: `kid` of that key at the provider; empty: the JWTs name none.
        client_assertion_algorithm: `alg` of the JWTs; empty: what fits the key, or the secret, and what the provider lists.
        client_assertion_audience: `aud` of the JWTs: the provider's `issuer` (RFC 7523bis), or its `token_endpoint`, which new
            configurations of IRIS expect.
        dpop_key_file: Private key (PEM: EC on P-256) to which the provider binds the tokens (DPoP, RFC 9449), so that they are of
            no use to whoever steals them. Empty: bearer tokens.
        pushed_authorization: Whether logins are announced to the provider before the browser goes there (RFC 9126), so that
            nobody can read or change what is asked for. `auto`: if the provider offers it.
        id_token_key_file: Private key (PEM: RSA or EC) that ID tokens are encrypted for. If it is set, an ID token that is not
            encrypted is refused.
        authorization_parameters: Further parameters of every authorization request, such as IRIS's `aud`.
        signing_algorithms: Algorithms that an ID token may be signed with. `none` and the HMAC family cannot be named.
        leeway_seconds: Clock difference tolerated in ID tokens.
        timeout_seconds: Time limit of one call to the provider.
        ca_file: Certificates (PEM) to trust for this provider besides those of the system.
        refresh_ends_access_token: Whether the provider ends the old access token with each refresh, as Django OAuth Toolkit
            does: then calls wait for a refresh that is due, instead of going out with a token that is about to die.
        end_session: How the session at the provider is ended. `browser`: the browser visits the end-session endpoint, with
            the client id and no ID token. `direct`: the hub calls it with the latest ID token, which IRIS needs to find the
            session. `auto`: `direct` for IRIS, recognised by the layout of its endpoints, `browser` for all others.
        login_path: Endpoint of an `iris_native` application, after its URL; so too the other three. They are class parameters of
            the application (TokenLoginEndpoint and so on).
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
    """How long a login lasts, and what of it the page may know.

    Attributes:
        key_files: Files with one 256-bit key each (base64url). The first encrypts, all decrypt.
        key_dir: Folder of dated keys, which `hub keys rotate` makes: the newest that is old enough encrypts, all decrypt. If it
            is empty, and so is `key_files`, a hub with a private Redis uses `keys` in `redis.data_dir`.
        key_activation_seconds: How old a key of that folder must be to encrypt: longer than it takes to reach every machine.
        claims: Claims of ID token and userinfo, and further members of the token response, that `GET /hub/session` shows to the
            page, besides `sub` and `name`.
        max_login_attempts: Logins that one browser may have begun at the same time; the oldest gives way.
        login_attempts_per_user_per_minute: Wrong passwords for one user name in the hub's own login form. Then the name has to
            wait for a minute, and after each further one twice as long, up to 5 minutes. More of them help guessers.
        login_attempts_per_address_per_minute: Failed logins from one address (IPv6: one /64 network) in that form.
        warning_seconds: The page is told that its session will end this long before it does; 0: it is not.
        end_after_last_channel_seconds: A session that has had a channel ends this long after its last one was closed, for kiosks
            and wards; 0: it does not. Longer than a page takes to load again, and to dial again after a break.
        manage_max_age_seconds: How long ago the user may have logged in to end sessions of theirs; 0: as long as the session
            lives.
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
    """One path prefix and the resource server behind it.

    Attributes:
        target: Base URL: with prefix `/api` and target `https://iris.example/csp/clinic`, `/api/patients?x=1` goes to
            `/csp/clinic/patients?x=1`.
        token: `user` attaches the access token of the session. `exchange` attaches a token that the provider gives for it
            (RFC 8693). `client` attaches a token of the hub itself (client credentials). All three need a login. `none` attaches
            nothing and needs no login.
        provider: For `client`: the provider that issues the token.
        audience: For `exchange` and `client`: whom the token is for, by the name that the provider knows.
        resource: Whom the token is for, as an absolute URI (RFC 8707); with `user`, a token besides the session's own.
        scopes: What the token may be used for, for `exchange` and `client`; empty: what the provider gives.
        max_age_seconds: How long ago the user may have proved who they are (step-up); 0: as long as the session lives.
        acr_values: Ways of authentication that are good enough for this route, the preferred first; empty: any.
        connect_timeout_seconds: Time to open a connection.
        timeout_seconds: Longest silence: until the answer begins, and between two pieces of it.
        csrf: `required` wants the header on every request. `fetch_metadata` lets safe methods pass on Fetch Metadata alone,
            for downloads by link; other methods still need the header.
        ca_file: Certificates (PEM) to trust for this target besides those of the system.
        websocket: The target speaks WebSocket (IRIS's %CSP.WebSocket): the route takes WebSockets of our pages, and nothing else.
        max_message_bytes: Largest message of such a WebSocket, either way.
        token_endpoints: Let requests pass to paths that end in login, refresh, logout or revoke. There IRIS's native JWT mode
            hands out tokens, and they would reach the browser.
        upstream_session: Whose session requests use at the resource server, by cookies that the hub keeps: `per_session` one for
            each session of the hub, `per_user` one for all of a user's, `none` none. In IRIS each session takes a licence unit if
            its application does not know the user by name.
        upstream_concurrency: Requests of one such session that run at once. IRIS carries them out one by one.
        upstream_idle_seconds: How long such a session may be idle there (`Timeout` of the IRIS web application).
        upstream_logout: Path below the target that ends such a session, by GET; empty: it ends by its idle time.
        idempotency_header: Who interprets the request header `Idempotency-Key`. `api`: the header passes to the API unchanged.
            `hub`: its value is the hub's idempotency key, as that of `X-Hub-Key` is on every route, and the API does not see it.
        iris_errors: Error documents of %CSP.REST: `problem` makes RFC 9457 problems of them that keep all members, `redacted`
            problems without texts and parameters, which may tell internals, `relay` leaves them as they are.
        preset: `fhir`: the target is a FHIR server with SMART scopes. Its address in JSON answers becomes the hub's, the user's
            token is asked for with it as `aud`, and pages learn `patient`, `encounter` and `fhirUser`.
        proof: Sign each request (HTTP message signatures, RFC 9421) with this algorithm, so that a stolen token is of no use
            without the key. Bodies are then held in memory.
        proof_key_file: For `hmac-sha256` a file as `hub keys make` writes it, whose bytes the resource server knows too; for
            `ecdsa-p256-sha256` an EC private key (PEM) on P-256.
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
    """Limits and times of the channel protocol, under its own names (docs/channel-protocol.md); announced in `ready`.

    Attributes:
        frame: Largest body frame.
        inline: Largest body inside a JSON message; larger answers will be streams.
        headers: Header bytes of one request.
        header_fields: Header fields of one request.
        path: Bytes of one path with its query.
        in_flight: Requests of one connection that run at once.
        queue: Requests of one connection that wait behind those.
        body: Largest body of one request.
        window: Flow-control window of one stream.
        connection_window: Flow-control window of all streams of one connection.
        outbox: Bytes that may wait for a slow reader before no more requests of it are read.
        connections_per_session: Channels that one session may have open on one worker.
        connections: Channels of one worker.
        subscriptions: Topics that one channel may be subscribed to.
        max_age_seconds: Age at which a channel is asked to move to another one, give or take a tenth, so that load spreads again.
        keep_seconds: How long the answer to a request with a key is kept for a client that has lost its connection.
        kept_answer: Largest body that is kept for that.
        kept_per_session: Bodies of one session that one worker keeps; the oldest give way.
        stalled_answer_timeout_seconds: An answer for which the client gives no credit for this long is broken off.
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
    """The application that the hub hosts.

    Attributes:
        root: Folder with the built application; its index.html answers every navigation to an unknown path.
        content_security_policy: Sent with every page. Loosening it gives an injected script something to run with. `{nonce}` in
            it and in a page (Angular's `ngCspNonce`) becomes a secret of each answer.
    """

    root: str = "static"
    content_security_policy: str = DEFAULT_CONTENT_SECURITY_POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is logged, and how. `format` is `console` for people or `json` for machines; both go to standard error.

    Attributes:
        audit_file: Where the audit events go, as JSON; empty: into the log. The file may be moved away at any time (logrotate).
    """

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["console", "json"] = "console"
    audit_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Sections have the names of the TOML tables."""

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
        """The main provider (`[provider]`) and the further ones (`[[providers]]`)."""
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
    """Tell whether `host` names this machine, so that nothing said to it crosses a network."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
