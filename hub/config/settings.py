"""The settings as one frozen, typed tree. `conf/hub.toml` says what each setting means, in its table of the same name.

A test asserts that the file and these classes agree on keys and defaults. Durations are in seconds, sizes in bytes.
`hub.config.reader` reads the settings.
"""

import ipaddress
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from hub.config import content_policies
from hub.config.hosts import ascii_host
from hub.primitives.secret import Secret

MAIN_PROVIDER = "main"  # the provider of [provider]: the default for logins

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1)]
Size = Annotated[int, Meta(ge=1)]

DEFAULT_PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), "
    "local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()"
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
    """Addresses at which the hub listens, and at which browsers reach it."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str = "http://localhost:8080"
    extra_hosts: list[str] = field(default_factory=list)
    listener: Literal["fast", "tornado"] = "fast"
    processes: Count = 1
    tls_certificate_file: str = ""
    tls_key_file: str = ""
    trusted_proxies: list[str] = field(default_factory=list)
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    allow_insecure_http: bool = False
    shutdown_timeout_seconds: Positive = 30.0
    drain_delay_seconds: NotNegative = 0.0
    task_failure_seconds: Positive = 60.0
    reserved_descriptors: Annotated[int, Meta(ge=0)] = 64

    @property
    def origin(self) -> str:
        """The origin (RFC 6454) whose pages may use the hub, in lower case and without a default port."""
        url = urlsplit(self.public_url)
        default = {"http": 80, "https": 443}.get(url.scheme)
        name = ascii_host(url.hostname or "")
        host = f"[{name}]" if ":" in name else name
        port = "" if url.port in (None, default) else f":{url.port}"
        return f"{url.scheme}://{host}{port}"

    @property
    def hosts(self) -> list[str]:
        """The hosts that requests may name: that of `public_url`, and `extra_hosts`."""
        return [urlsplit(self.public_url).hostname or "", *self.extra_hosts]

    @property
    def is_https(self) -> bool:
        """Whether browsers use https."""
        return self.public_url.lower().startswith("https://")

    @property
    def transport_scheme(self) -> str:
        """The scheme of the hub's own listener: `https` if it has a certificate, regardless of proxies."""
        return "https" if self.tls_certificate_file else "http"

    @property
    def is_loopback(self) -> bool:
        """Whether browsers reach the hub on their own machine, as in the demo and in front of a development server."""
        return is_loopback(urlsplit(self.public_url).hostname or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSettings:
    """The admin listener: health, readiness, metrics, sessions, publishing. Keep it on loopback or on a closed network."""

    host: str = "127.0.0.1"
    port: Port = 8081
    token: Secret = field(default_factory=lambda: Secret(""))
    token_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """The Redis in which sessions are stored."""

    url: str = ""
    data_dir: str = "var"
    max_memory_mib: Count = 1024
    timeout_seconds: Positive = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """An identity provider, and the hub's registration as its client."""

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
    """Lifetime of sessions, their encryption, and what the page may see of them."""

    idle_timeout_seconds: Positive = 900.0
    absolute_timeout_seconds: Positive = 43200.0
    key_files: list[str] = field(default_factory=list)
    key_dir: str = ""
    key_activation_seconds: NotNegative = 300.0
    unauthenticated_records: Literal["reject", "accept"] = "reject"
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
    """One path prefix, and the API behind it."""

    prefix: str
    target: str
    methods: list[str] = field(default_factory=lambda: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    token: Literal["user", "exchange", "client", "none"] = "user"
    allowed_providers: list[str] = field(default_factory=list)
    provider: str = ""
    audience: str = ""
    resource: str = ""
    scopes: list[str] | dict[str, list[str]] = field(default_factory=list)
    max_age_seconds: NotNegative = 0.0
    acr_values: list[str] | dict[str, list[str]] = field(default_factory=list)
    connect_timeout_seconds: Positive = 5.0
    timeout_seconds: Positive = 30.0
    max_body_bytes: Size = 104857600
    csrf: Literal["required", "fetch_metadata"] = "required"
    beacons: bool = False
    inline: list[str] = field(default_factory=lambda: ["image/png", "image/jpeg", "image/gif", "image/webp"])
    rendered: bool = False
    ca_file: str = ""
    websocket: bool = False
    max_message_bytes: Size = 1048576
    token_endpoints: bool = False
    upstream_session: Literal["none", "per_session", "per_user"] = "none"
    upstream_concurrency: Count = 4
    upstream_idle_seconds: Positive = 900.0
    upstream_session_cookie: str = ""
    upstream_logout: str = "/?IRISLogout=end"
    idempotency_header: Literal["api", "hub"] = "api"
    pass_request_headers: list[str] = field(default_factory=list)
    forwarded_headers: bool = False
    path_characters: Literal["strict", "encoded"] = "strict"
    iris_errors: Literal["problem", "redacted", "relay"] = "problem"
    json_errors: Literal["redacted", "relay"] = "redacted"
    preset: Literal["", "fhir"] = ""
    proof: Literal["none", "hmac-sha256", "ecdsa-p256-sha256"] = "none"
    proof_key_file: str = ""
    proof_key_id: str = "hub"
    proof_version: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """A topic, or all topics with a common prefix, to which pages may subscribe. An exact name wins, then the longest prefix."""

    name: str
    allowed_providers: list[str] = field(default_factory=list)
    scope: str | dict[str, str] = ""
    history: Count = 1000
    history_seconds: Positive = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherSettings:
    """A back end that may publish events over the admin listener, with its secret as bearer token. A limit of 0 is none."""

    name: str
    topics: list[str] = field(default_factory=list)
    token: Secret = field(default_factory=lambda: Secret(""))
    token_file: str = ""
    events_per_second: NotNegative = 100.0
    bytes_per_second: NotNegative = 1048576.0
    max_topics: Annotated[int, Meta(ge=0)] = 10000


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Rate limits of one worker, per second. A burst may be ten times as large. 0: no limit."""

    work_per_turn: Annotated[int, Meta(ge=4)] = 32
    work_per_connection: NotNegative = 2000.0
    abuse_seconds: NotNegative = 60.0
    requests_per_session: NotNegative = 200.0
    requests_per_address: NotNegative = 100.0
    upload_bytes_per_session: NotNegative = 67108864.0
    dials_per_session: NotNegative = 5.0
    dials_per_address: NotNegative = 20.0
    refused_dials_per_address: NotNegative = 2.0
    refused_requests_per_address: NotNegative = 100.0
    logins_per_address: NotNegative = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSettings:
    """Connections of one worker to APIs, and the pace of uploads to them, over HTTP and channels."""

    connections: Count = 1000
    connections_per_target: Count = 800
    reserved_connections: Annotated[int, Meta(ge=0)] = 20
    connections_per_user: Count = 64
    connections_per_address: Count = 200
    upload_bytes_per_second: NotNegative = 500.0
    upload_grace_seconds: Positive = 30.0
    upload_max_seconds: NotNegative = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """Limits and timeouts of the channel protocol, by their names in docs/channel-protocol.md. `ready` announces them."""

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
    streams_per_session: Count = 4
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
    """The application that the hub serves."""

    root: str = "static"
    negotiate_locale: bool = True
    default_locale: str = ""
    content_security_policy: str = content_policies.DEFAULT
    permissions_policy: str = DEFAULT_PERMISSIONS_POLICY

    @property
    def page_policy(self) -> str:
        """The Content-Security-Policy of pages. `{nonce}` in it stands for the nonce of each response."""
        return content_policies.policy_of(self.content_security_policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Level and format of the log. `format` is `console` for people or `json` for machines. The log goes to standard error."""

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
    upstream: UpstreamSettings = field(default_factory=UpstreamSettings)
    static: StaticSettings = field(default_factory=StaticSettings)
    log: LogSettings = field(default_factory=LogSettings)

    @property
    def all_providers(self) -> list[ProviderSettings]:
        """The main provider (`[provider]`) and the additional ones (`[[providers]]`)."""
        return [self.provider, *self.providers]

    @property
    def issuers(self) -> dict[str, str]:
        """The issuers of all providers by their names, the main provider first."""
        return {provider.name: provider.issuer for provider in self.all_providers}


SECTIONS: dict[str, type] = {
    "server": ServerSettings,
    "admin": AdminSettings,
    "redis": RedisSettings,
    "provider": ProviderSettings,
    "session": SessionSettings,
    "channel": ChannelSettings,
    "limits": LimitSettings,
    "upstream": UpstreamSettings,
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
