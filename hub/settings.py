"""The settings: one frozen, typed tree read from TOML, environment and secret files; every mistake is reported at once.

`conf/hub.toml` lists all of them with default, unit and meaning (a test holds the two together). An environment variable
`HUB_<SECTION>_<KEY>` overrides its key; `HUB_ROUTES` holds the routes as a JSON array. Durations are in seconds, sizes in bytes.
"""

import dataclasses
import difflib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta

from hub.secret import Secret

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1)]
Size = Annotated[int, Meta(ge=1)]

DEFAULT_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
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

    @property
    def origin(self) -> str:
        """The one origin (RFC 6454) whose pages may use the hub: lower case, without a default port."""
        url = urlsplit(self.public_url)
        default = {"http": 80, "https": 443}.get(url.scheme)
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
        port = "" if url.port in (None, default) else f":{url.port}"
        return f"{url.scheme}://{host}{port}"

    @property
    def cookies_are_secure(self) -> bool:
        """Whether the browser will keep and send `Secure` cookies: always, unless plain HTTP was asked for by setting."""
        url = urlsplit(self.public_url)
        return url.scheme == "https" or is_loopback(url.hostname or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSettings:
    """The listener for health, readiness and metrics. It has no login: keep it on loopback or on a closed network."""

    host: str = "127.0.0.1"
    port: Port = 8081


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """Where sessions are kept.

    Attributes:
        url: `redis://`, `rediss://` or `unix://`; empty starts a private server for this machine alone.
        data_dir: Where the private server keeps its data, and the hub its session key when no key file is named.
        timeout_seconds: After this long without an answer Redis counts as down.
    """

    url: str = ""
    data_dir: str = "var"
    timeout_seconds: Positive = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """The OpenID Provider, and who the hub is there.

    Attributes:
        client_authentication: `client_secret_basic` or `client_secret_post` (RFC 6749 section 2.3.1).
        authorization_parameters: Further parameters of every authorization request, such as IRIS's `aud`.
        signing_algorithms: Algorithms that an ID token may be signed with. `none` and the HMAC family cannot be named.
        leeway_seconds: Clock difference tolerated in ID tokens.
        timeout_seconds: Time limit of one call to the provider.
        end_session: How the session at the provider is ended. `browser`: the browser visits the end-session endpoint, with
            the client id and no ID token. `direct`: the hub calls it with the latest ID token, which IRIS needs to find the
            session. `auto`: `direct` for IRIS, recognised by the layout of its endpoints, `browser` for all others.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret: Secret = field(default_factory=lambda: Secret(""))
    client_secret_file: str = ""
    client_authentication: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"
    scopes: list[str] = field(default_factory=lambda: ["openid", "profile", "offline_access"])
    authorization_parameters: dict[str, str] = field(default_factory=dict)
    signing_algorithms: list[str] = field(
        default_factory=lambda: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
    )
    leeway_seconds: NotNegative = 60.0
    timeout_seconds: Positive = 10.0
    end_session: Literal["auto", "browser", "direct"] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """How long a login lasts, and what of it the page may know.

    Attributes:
        key_files: Files with one 256-bit key each (base64url). The first encrypts, all decrypt. Empty: the hub makes one in
            `redis.data_dir`, which only works on one machine.
        claims: Claims of ID token and userinfo that `GET /hub/session` shows to the page, besides `sub` and `name`.
        max_login_attempts: Logins that one browser may have begun at the same time; the oldest gives way.
    """

    idle_timeout_seconds: Positive = 900.0
    absolute_timeout_seconds: Positive = 43200.0
    key_files: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=lambda: ["preferred_username", "email"])
    login_timeout_seconds: Positive = 600.0
    max_login_attempts: Count = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """One path prefix and the resource server behind it.

    Attributes:
        target: Base URL: with prefix `/api` and target `https://iris.example/csp/clinic`, `/api/patients?x=1` goes to
            `/csp/clinic/patients?x=1`.
        token: `user` attaches the access token of the session and needs one; `none` attaches nothing and needs no login.
        connect_timeout_seconds: Time to open a connection.
        timeout_seconds: Longest silence: until the answer begins, and between two pieces of it.
        csrf: `required` wants the header on every request. `fetch_metadata` lets safe methods pass on Fetch Metadata alone,
            for downloads by link; other methods still need the header.
        ca_file: Certificates (PEM) to trust for this target besides those of the system.
    """

    prefix: str
    target: str
    methods: list[str] = field(default_factory=lambda: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    token: Literal["user", "none"] = "user"
    connect_timeout_seconds: Positive = 5.0
    timeout_seconds: Positive = 30.0
    max_body_bytes: Size = 104857600
    csrf: Literal["required", "fetch_metadata"] = "required"
    ca_file: str = ""


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
    outbox: Size = 1048576
    connections_per_session: Count = 10
    connections: Count = 20000
    hello_timeout_seconds: Positive = 5.0
    request_timeout_seconds: Positive = 30.0
    request_timeout_max_seconds: Positive = 600.0
    heartbeat_interval_seconds: Positive = 25.0
    heartbeat_timeout_seconds: Positive = 10.0
    slow_reader_timeout_seconds: Positive = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticSettings:
    """The application that the hub hosts.

    Attributes:
        root: Folder with the built application; its index.html answers every navigation to an unknown path.
        content_security_policy: Sent with every page. Loosening it gives an injected script something to run with.
    """

    root: str = "static"
    content_security_policy: str = DEFAULT_CONTENT_SECURITY_POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is logged, and how. `format` is `console` for people or `json` for machines; both go to standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["console", "json"] = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Sections have the names of the TOML tables."""

    server: ServerSettings = field(default_factory=ServerSettings)
    admin: AdminSettings = field(default_factory=AdminSettings)
    redis: RedisSettings = field(default_factory=RedisSettings)
    provider: ProviderSettings = field(default_factory=ProviderSettings)
    session: SessionSettings = field(default_factory=SessionSettings)
    routes: list[RouteSettings] = field(default_factory=list)
    channel: ChannelSettings = field(default_factory=ChannelSettings)
    static: StaticSettings = field(default_factory=StaticSettings)
    log: LogSettings = field(default_factory=LogSettings)


SECTIONS: dict[str, type] = {
    "server": ServerSettings,
    "admin": AdminSettings,
    "redis": RedisSettings,
    "provider": ProviderSettings,
    "session": SessionSettings,
    "channel": ChannelSettings,
    "static": StaticSettings,
    "log": LogSettings,
}


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the TOML file at `path` (None: defaults only) and from `environment`.

    Relative paths in the settings are taken from the folder in which the hub is started.

    Raises:
        SettingsError: One or more settings are missing, unknown or wrong; all of them are named.
    """
    reader = _Reader()
    tables = _with_environment(_read_toml(path), environment, reader)
    sections = {name: reader.section(name, kind, tables.pop(name, {})) for name, kind in SECTIONS.items()}
    routes = reader.routes(tables.pop("routes", []))
    for unknown in tables:
        reader.unknown(unknown, [*SECTIONS, "routes"])
    settings = _with_secret_files(Settings(**sections, routes=routes), reader)
    reader.mistakes.extend(_about_other_keys(_contradictions(settings), reader.mistakes))
    if reader.mistakes:
        raise SettingsError(reader.mistakes)
    return settings


def is_loopback(host: str) -> bool:
    """Tell whether `host` names this machine, so that nothing said to it crosses a network."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read_toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read ({error.strerror}). Name the file with --config."]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: is not valid TOML: {error}"]) from error


def _with_environment(tables: dict[str, Any], environment: Mapping[str, str], reader: "_Reader") -> dict[str, Any]:
    """Lay the `HUB_*` variables over the tables. Their values stay text; `_Reader` converts them like any other."""
    names = {
        f"HUB_{section}_{item.name}".upper(): (section, item.name)
        for section, kind in SECTIONS.items()
        for item in dataclasses.fields(kind)
    }
    merged = {name: dict(table) if isinstance(table, dict) else table for name, table in tables.items()}
    for name, text in environment.items():
        if name == "HUB_ROUTES":
            merged["routes"] = reader.json(name, text, default=[])
        elif name in names:
            section, key = names[name]
            table = merged.setdefault(section, {})
            if isinstance(table, dict):
                table[key] = _Text(text)
        elif name.startswith("HUB_"):
            reader.unknown(name, [*names, "HUB_ROUTES"])
    return merged


class _Text(str):
    """A value from the environment: numbers, booleans, lists and tables are read out of it."""

    __slots__ = ()


class _Reader:
    """Turns raw tables into dataclasses and collects what is wrong with them."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def section(self, name: str, kind: type, table: Any) -> Any:
        """Build `kind` from `table`; a key that is wrong is reported and left at its default."""
        if not isinstance(table, dict):
            self.mistakes.append(f"{name}: must be a table, written as [{name}].")
            return kind()
        return kind(**self._values(name, kind, table))

    def routes(self, tables: Any) -> list[RouteSettings]:
        """Build the routes; each is named `routes[0]`, `routes[1]`... in messages."""
        if not isinstance(tables, list):
            self.mistakes.append("routes: must be an array of tables, each written as [[routes]].")
            return []
        routes = []
        for index, table in enumerate(tables):
            name = f"routes[{index}]"
            values = self._values(name, RouteSettings, table if isinstance(table, dict) else {})
            missing = [key for key in ("prefix", "target") if key not in values]
            self.mistakes.extend(f"{name}.{key}: is missing." for key in missing if key not in table)
            if not missing:
                routes.append(RouteSettings(**values))
        return routes

    def json(self, name: str, text: str, default: Any) -> Any:
        """Decode `text` as JSON, or report that it is none."""
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            self.mistakes.append(f"{name}: is not valid JSON: {error}.")
            return default

    def unknown(self, key: str, known: list[str]) -> None:
        """Report a key that does not exist, with the nearest that does."""
        near = difflib.get_close_matches(key, known, n=1)
        self.mistakes.append(f"{key}: is not a setting." + (f" Did you mean {near[0]}?" if near else ""))

    def _values(self, name: str, kind: type, table: dict[str, Any]) -> dict[str, Any]:
        types = get_type_hints(kind, include_extras=True)
        values = {}
        for key, raw in table.items():
            if key not in types:
                self.unknown(f"{name}.{key}", [f"{name}.{known}" for known in types])
                continue
            try:
                values[key] = _convert(raw, types[key])
            except msgspec.ValidationError as error:
                self.mistakes.append(f"{name}.{key}: {_readable(error)}")
        return values


def _convert(raw: Any, kind: Any) -> Any:
    if isinstance(raw, _Text):
        if kind == list[str]:
            raw = [item.strip() for item in raw.split(",") if item.strip()]
        elif kind == dict[str, str]:
            try:
                raw = msgspec.json.decode(str(raw))
            except msgspec.DecodeError as error:
                raise msgspec.ValidationError("Expected a JSON object") from error
        else:
            raw = str(raw)
        return msgspec.convert(raw, kind, strict=False, dec_hook=_make_secret)
    return msgspec.convert(raw, kind, dec_hook=_make_secret)


def _make_secret(kind: type, raw: Any) -> Any:
    if kind is Secret and isinstance(raw, str):
        return Secret(raw)
    raise msgspec.ValidationError("Expected `str`")


def _readable(error: msgspec.ValidationError) -> str:
    """Say what msgspec found in the operator's words: `must be ...` instead of `Expected ...`."""
    text = str(error).replace("`", "").replace("Expected ", "must be ")
    return text if text.endswith(".") else text + "."


def _with_secret_files(settings: Settings, reader: _Reader) -> Settings:
    provider = settings.provider
    if not provider.client_secret_file:
        return settings
    if provider.client_secret:
        reader.mistakes.append("provider.client_secret: give either this or provider.client_secret_file, not both.")
        return settings
    try:
        secret = Path(provider.client_secret_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        reader.mistakes.append(f"provider.client_secret_file: cannot be read ({error.strerror}).")
        return settings
    return dataclasses.replace(settings, provider=dataclasses.replace(provider, client_secret=Secret(secret)))


def _about_other_keys(mistakes: list[str], known: list[str]) -> list[str]:
    """Leave out what follows from a mistake reported already: a key that could not be read stands at its default."""
    reported = {mistake.partition(":")[0] for mistake in known}
    return [mistake for mistake in mistakes if mistake.partition(":")[0] not in reported]


def _contradictions(settings: Settings) -> list[str]:
    """Return what is wrong although each value alone is of its type."""
    return [
        *_server_mistakes(settings.server),
        *_redis_mistakes(settings),
        *_provider_mistakes(settings.provider, settings.server.allow_insecure_http),
        *_session_mistakes(settings.session),
        *_route_mistakes(settings.routes),
        *_channel_mistakes(settings.channel),
    ]


def _parse_url(text: str) -> SplitResult:
    """Return the parts of an http(s) URL; of anything else an empty one, so that a check of its parts fails."""
    url = urlsplit(text)
    try:
        is_url = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:  # a port that is no port
        is_url = False
    return url if is_url else urlsplit("")


def _server_mistakes(server: ServerSettings) -> list[str]:
    mistakes = []
    url = _parse_url(server.public_url)
    if not url.hostname or url.path.strip("/") or url.query or url.fragment:
        mistakes.append("server.public_url: must be scheme, host and port only, such as https://clinic.example.")
    elif url.scheme == "http" and not is_loopback(url.hostname) and not server.allow_insecure_http:
        mistakes.append(
            "server.public_url: plain HTTP would send the session cookie in clear over the network. Use https, or set "
            "server.allow_insecure_http = true on a network where that does not matter."
        )
    if bool(server.tls_certificate_file) != bool(server.tls_key_file):
        missing = "tls_key_file" if server.tls_certificate_file else "tls_certificate_file"
        mistakes.append(f"server.{missing}: is missing; certificate and key go together.")
    mistakes.extend(
        f"server.{key}: there is no file {value}."
        for key in ("tls_certificate_file", "tls_key_file")
        if (value := getattr(server, key)) and not Path(value).is_file()
    )
    for network in server.trusted_proxies:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            mistakes.append(f"server.trusted_proxies: {network!r} is no network; write it as 10.0.0.0/8 or 10.1.2.3.")
    return mistakes


def _redis_mistakes(settings: Settings) -> list[str]:
    url = settings.redis.url
    if not url:
        return []
    mistakes = []
    if urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        mistakes.append("redis.url: must begin with redis://, rediss:// or unix://.")
    if not settings.session.key_files:
        mistakes.append(
            "session.key_files: is missing. Hubs that share one Redis need the same key: make one with "
            "`python run.py --make-key FILE` and name it on every machine."
        )
    return mistakes


def _provider_mistakes(provider: ProviderSettings, allow_insecure_http: bool) -> list[str]:
    mistakes = [f"provider.{key}: is missing." for key in ("issuer", "client_id") if not getattr(provider, key)]
    if not provider.client_secret and not provider.client_secret_file:
        mistakes.append("provider.client_secret: is missing; better still, name a file in provider.client_secret_file.")
    url = _parse_url(provider.issuer)
    if provider.issuer and (not url.hostname or url.query or url.fragment):
        mistakes.append("provider.issuer: must be the URL that the provider calls itself by, without query or fragment.")
    elif url.scheme == "http" and not is_loopback(url.hostname or "") and not allow_insecure_http:
        mistakes.append("provider.issuer: must be https; codes and tokens would cross the network in clear.")
    if "openid" not in provider.scopes:
        mistakes.append("provider.scopes: must contain openid, else the provider sends no ID token.")
    weak = [name for name in provider.signing_algorithms if name.lower() == "none" or name.startswith("HS")]
    if weak:
        mistakes.append(f"provider.signing_algorithms: {', '.join(weak)} cannot be accepted; name asymmetric algorithms.")
    reserved = sorted(RESERVED_AUTHORIZATION_PARAMETERS.intersection(provider.authorization_parameters))
    mistakes.extend(f"provider.authorization_parameters: {name} is set by the hub itself." for name in reserved)
    return mistakes


RESERVED_AUTHORIZATION_PARAMETERS = frozenset(
    {"response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce"}
    | {"code_challenge", "code_challenge_method", "request", "request_uri"}
)


def _session_mistakes(session: SessionSettings) -> list[str]:
    mistakes = [f"session.key_files: there is no file {name}." for name in session.key_files if not Path(name).is_file()]
    if session.idle_timeout_seconds > session.absolute_timeout_seconds:
        mistakes.append("session.idle_timeout_seconds: must not be longer than session.absolute_timeout_seconds.")
    return mistakes


def _route_mistakes(routes: list[RouteSettings]) -> list[str]:
    mistakes = []
    seen: set[str] = set()
    for index, route in enumerate(routes):
        name = f"routes[{index}]"
        prefix = route.prefix
        if not prefix.startswith("/") or prefix.endswith("/") or "//" in prefix or set(prefix) & set("?#%\\ ") or ".." in prefix:
            mistakes.append(f"{name}.prefix: must begin with / and not end with it, such as /api.")
        elif prefix == "/hub" or prefix.startswith("/hub/"):
            mistakes.append(f"{name}.prefix: /hub belongs to the hub itself.")
        if prefix in seen:
            mistakes.append(f"{name}.prefix: {prefix} is used by another route already.")
        seen.add(prefix)
        url = _parse_url(route.target)
        if not url.hostname or url.query or url.fragment or url.username:
            mistakes.append(f"{name}.target: must be a base URL such as https://iris.example/csp/clinic.")
        unknown = [method for method in route.methods if method not in KNOWN_METHODS]
        if unknown or not route.methods:
            mistakes.append(f"{name}.methods: may hold {', '.join(sorted(KNOWN_METHODS))}; found {', '.join(unknown) or 'none'}.")
        if route.ca_file and not Path(route.ca_file).is_file():
            mistakes.append(f"{name}.ca_file: there is no file {route.ca_file}.")
    return mistakes


KNOWN_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def _channel_mistakes(channel: ChannelSettings) -> list[str]:
    mistakes = []
    if channel.inline > channel.frame:
        mistakes.append("channel.inline: must not be larger than channel.frame.")
    if channel.window > channel.connection_window:
        mistakes.append("channel.window: must not be larger than channel.connection_window.")
    if channel.request_timeout_seconds > channel.request_timeout_max_seconds:
        mistakes.append("channel.request_timeout_seconds: must not be longer than channel.request_timeout_max_seconds.")
    return mistakes
