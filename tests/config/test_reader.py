"""The settings: what is read from where, and that every mistake is named at once."""

import dataclasses
import json
import os
import re
import tomllib
from pathlib import Path

import pytest

from hub.config.reader import load
from hub.config.settings import SECTIONS, PublisherSettings, RouteSettings, Settings, SettingsError, TopicSettings

REQUIRED = {
    "HUB_PROVIDER_ISSUER": "https://iris.example/oauth2",
    "HUB_PROVIDER_CLIENT_ID": "hub",
    "HUB_PROVIDER_CLIENT_SECRET": "s3cret",
}
REFERENCE = Path(__file__).parent.parent.parent / "conf" / "hub.toml"


def mistakes(environment: dict[str, str], path: Path | None = None) -> list[str]:
    """Load settings that must be refused, and return why."""
    with pytest.raises(SettingsError) as caught:
        load(path, environment)
    return caught.value.mistakes


class TestSources:
    """Defaults, file, environment, secret files."""

    def test_environment_overrides_file(self, tmp_path: Path) -> None:
        """A variable HUB_<SECTION>_<KEY> wins over the file."""
        file = tmp_path / "hub.toml"
        file.write_text('[server]\nport = 1\nhost = "0.0.0.0"\n')

        settings = load(file, {**REQUIRED, "HUB_SERVER_PORT": "2"})

        assert (settings.server.host, settings.server.port) == ("0.0.0.0", 2)

    def test_lists_tables_and_routes_from_environment(self) -> None:
        """Lists are separated by commas; tables and routes are JSON."""
        settings = load(
            None,
            {
                **REQUIRED,
                "HUB_PROVIDER_SCOPES": "openid, api",
                "HUB_PROVIDER_AUTHORIZATION_PARAMETERS": '{"aud": "x"}',
                "HUB_ROUTES": '[{"prefix": "/api", "target": "https://iris.example/csp"}]',
            },
        )

        assert settings.provider.scopes == ["openid", "api"]
        assert settings.provider.authorization_parameters == {"aud": "x"}
        assert settings.routes == [RouteSettings(prefix="/api", target="https://iris.example/csp")]

    def test_secret_file(self, tmp_path: Path) -> None:
        """The client secret is read from its file, without the line end."""
        file = tmp_path / "secret"
        file.write_text("from-file\n")
        environment = {**REQUIRED, "HUB_PROVIDER_CLIENT_SECRET": "", "HUB_PROVIDER_CLIENT_SECRET_FILE": str(file)}

        assert load(None, environment).provider.client_secret.reveal() == "from-file"

    def test_admin_token_file(self, tmp_path: Path) -> None:
        """So is the secret of the operators; one that is too short is refused there too."""
        file = tmp_path / "secret"
        file.write_text("0123456789abcdef" * 3 + "\n")
        token = load(None, {**REQUIRED, "HUB_ADMIN_TOKEN_FILE": str(file)}).admin.token

        assert token.reveal() == "0123456789abcdef" * 3

        file.write_text("short\n")

        assert mistakes({**REQUIRED, "HUB_ADMIN_TOKEN_FILE": str(file)})[0].startswith("admin.token: ")

    def test_secrets_are_not_shown(self) -> None:
        """Printing the settings does not print the client secret."""
        assert "s3cret" not in repr(load(None, REQUIRED))

    def test_reference_names_every_setting_and_its_default(self) -> None:
        """conf/hub.toml and the dataclasses agree in both directions."""
        text = re.sub(r"^# (?=\[\[\w+\]\]|\w+ = )", "", REFERENCE.read_text(), flags=re.MULTILINE)
        reference = tomllib.loads(text)
        routes, providers = reference.pop("routes")[0], reference.pop("providers")[0]
        topic, publisher = reference.pop("topics")[0], reference.pop("publishers")[0]
        defaults = Settings()

        assert topic == dataclasses.asdict(TopicSettings(name=topic["name"]))
        assert publisher.keys() == {item.name for item in dataclasses.fields(PublisherSettings)}
        assert reference.keys() == SECTIONS.keys()
        for name, kind in SECTIONS.items():
            expected = {item.name: getattr(getattr(defaults, name), item.name) for item in dataclasses.fields(kind)}
            if name == "provider":
                expected["client_secret"] = ""
            if name == "admin":
                expected["token"] = ""
            assert reference[name] == expected, name
        assert routes == dataclasses.asdict(RouteSettings(prefix=routes["prefix"], target=routes["target"]))
        assert providers.keys() == {"name", "issuer"}  # the others are those of [provider]


class TestMistakes:
    """Each mistake is one sentence that begins with its key."""

    def test_all_at_once(self) -> None:
        """Wrong types, unknown keys, missing and contradictory values are reported together."""
        found = mistakes(
            {
                "HUB_SERVER_PORT": "99999",
                "HUB_SERVER_PROT": "1",
                "HUB_SERVER_TLS_KEY_FILE": "/nowhere/key.pem",
                "HUB_PROVIDER_ISSUER": "http://iris.example/oauth2",
                "HUB_ROUTES": '[{"prefix": "/api/", "methods": ["FETCH"], "target": "iris"}, {"token": "admin"}]',
            }
        )

        keys = [mistake.partition(":")[0] for mistake in found]
        assert keys == [
            "HUB_SERVER_PROT",
            "server.port",
            "routes[1].token",
            "routes[1].prefix",
            "routes[1].target",
            "server.tls_certificate_file",
            "server.tls_key_file",
            "provider.issuer",
            "provider.client_id",
            "provider.client_secret",
            "routes[0].prefix",
            "routes[0].target",
            "routes[0].methods",
        ]

    @pytest.mark.parametrize(
        ("environment", "key"),
        [
            ({"HUB_SERVER_PUBLIC_URL": "http://clinic.example"}, "server.public_url"),
            ({"HUB_SERVER_PUBLIC_URL": "https://clinic.example/app"}, "server.public_url"),
            ({"HUB_SERVER_PUBLIC_URL": "https://clinic.example:99999"}, "server.public_url"),
            ({"HUB_SERVER_PUBLIC_URL": "https://["}, "server.public_url"),
            ({"HUB_SERVER_PUBLIC_URL": "https://\u2488.example"}, "server.public_url"),
            ({"HUB_SERVER_EXTRA_HOSTS": "https://clinic.example"}, "server.extra_hosts"),
            ({"HUB_SERVER_EXTRA_HOSTS": "good.example,clinic.example:443"}, "server.extra_hosts"),
            ({"HUB_SERVER_EXTRA_HOSTS": "*.example/x"}, "server.extra_hosts"),
            ({"HUB_PROVIDER_ISSUER": "https://[::1"}, "provider.issuer"),
            ({"HUB_PROVIDER_ISSUER": "https://iris.example/a|b"}, "provider.issuer"),
            ({"HUB_SERVER_TRUSTED_PROXIES": "10.0.0.0/33"}, "server.trusted_proxies"),
            ({"HUB_REDIS_URL": "http://redis"}, "redis.url"),
            ({"HUB_REDIS_URL": "redis://redis"}, "session.key_files"),
            ({"HUB_SESSION_KEY_FILES": "/nowhere/key"}, "session.key_files"),
            ({"HUB_PROVIDER_SCOPES": "profile"}, "provider.scopes"),
            ({"HUB_PROVIDER_SIGNING_ALGORITHMS": "none"}, "provider.signing_algorithms"),
            ({"HUB_PROVIDER_SIGNING_ALGORITHMS": "HS256"}, "provider.signing_algorithms"),
            ({"HUB_PROVIDER_AUTHORIZATION_PARAMETERS": '{"state": "x"}'}, "provider.authorization_parameters"),
            ({"HUB_PROVIDER_AUTHORIZATION_PARAMETERS": "x"}, "provider.authorization_parameters"),
            ({"HUB_PROVIDER_CLIENT_AUTHENTICATION": "none"}, "provider.client_authentication"),
            ({"HUB_PROVIDER_CLIENT_SECRET_FILE": "/nowhere"}, "provider.client_secret"),
            ({"HUB_PROVIDER_CA_FILE": "/nowhere"}, "provider.ca_file"),
            ({"HUB_SESSION_IDLE_TIMEOUT_SECONDS": "0"}, "session.idle_timeout_seconds"),
            ({"HUB_SESSION_IDLE_TIMEOUT_SECONDS": "99999"}, "session.idle_timeout_seconds"),
            ({"HUB_CHANNEL_INLINE": "70000"}, "channel.inline"),
            ({"HUB_LOG_LEVEL": "LOUD"}, "log.level"),
            ({"HUB_STATIC_CONTENT_SECURITY_POLICY": "angular-legcy"}, "static.content_security_policy"),
            ({"HUB_STATIC_DEFAULT_LOCALE": "../de"}, "static.default_locale"),
            ({"HUB_STATIC_NEGOTIATE_LOCALE": "false"}, "static.default_locale"),
            ({"HUB_LOG_AUDIT_FILE": "/nowhere/audit.log"}, "log.audit_file"),
            ({"HUB_ADMIN_TOKEN": "easy-to-guess"}, "admin.token"),
            ({"HUB_ADMIN_TOKEN": "0" * 40, "HUB_ADMIN_TOKEN_FILE": "/nowhere"}, "admin.token"),
            ({"HUB_ADMIN_TOKEN_FILE": "/nowhere"}, "admin.token_file"),
            ({"HUB_ADMIN_TOKEN_FILE": os.devnull}, "admin.token_file"),
            ({"HUB_SESSION_WARNING_SECONDS": "-1"}, "session.warning_seconds"),
            ({"HUB_SESSION_END_AFTER_LAST_CHANNEL_SECONDS": "1"}, "session.end_after_last_channel_seconds"),
            ({"HUB_SESSION_MANAGE_MAX_AGE_SECONDS": "-1"}, "session.manage_max_age_seconds"),
            ({"HUB_ROUTES": "{"}, "HUB_ROUTES"),
            ({"HUB_TOPICS": '[{"name": "ward 7"}]'}, "topics[0].name"),
            ({"HUB_TOPICS": '[{"name": "a*"}, {"name": "a*"}]'}, "topics[1].name"),
            ({"HUB_TOPICS": '[{"name": "a", "history": 0}]'}, "topics[0].history"),
            ({"HUB_PUBLISHERS": '[{"name": "lab"}]'}, "publishers[0].topics"),
            ({"HUB_PUBLISHERS": '[{"name": "lab", "topics": ["a"]}]'}, "publishers[0].token_file"),
            ({"HUB_PUBLISHERS": '[{"name": "lab", "topics": ["a"], "token_file": "/nowhere"}]'}, "publishers[0].token_file"),
            (
                {"HUB_PUBLISHERS": f'[{{"name": "lab", "topics": ["a**"], "token": "{"x" * 32}"}}]'},
                "publishers[0].topics",
            ),
            (
                {
                    "HUB_ADMIN_TOKEN": "x" * 32,
                    "HUB_PUBLISHERS": f'[{{"name": "lab", "topics": ["a"], "token": "{"x" * 32}"}}]',
                },
                "publishers[0].token",
            ),
            ({"HUB_PROVIDERS": '[{"name": "Partner!", "issuer": "https://x.example"}]'}, "providers[0].name"),
            ({"HUB_PROVIDERS": '[{"name": "main", "issuer": "https://x.example"}]'}, "providers[0].name"),
            ({"HUB_PROVIDERS": '[{"name": "partner"}]'}, "providers[0].issuer"),
            ({"HUB_PROVIDERS": '[{"name": "partner", "issuer": "https://x.example"}]'}, "providers[0].client_id"),
            ({"HUB_PROVIDER_NAME": "other"}, "provider.name"),
            ({"HUB_PROVIDER_KIND": "iris_native", "HUB_PROVIDER_LOGIN_PATH": "login"}, "provider.login_path"),
            ({"HUB_PROVIDER_KIND": "iris_native", "HUB_PROVIDER_REFRESH_PATH": "/../refresh"}, "provider.refresh_path"),
            ({"HUB_PROVIDER_KIND": "iris_native", "HUB_PROVIDER_LOGOUT_PATH": "/logout?x=1"}, "provider.logout_path"),
            ({"HUB_PROVIDER_KIND": "iris_native", "HUB_PROVIDER_REVOKE_PATH": "//evil.example"}, "provider.revoke_path"),
            ({"HUB_SESSION_LOGIN_ATTEMPTS_PER_USER_PER_MINUTE": "0"}, "session.login_attempts_per_user_per_minute"),
            ({"HUB_ROUTES": '[{"prefix": "/hub", "target": "https://x.example"}]'}, "routes[0].prefix"),
            ({"HUB_ROUTES": '[{"prefix": "/a/../b", "target": "https://x.example"}]'}, "routes[0].prefix"),
            ({"HUB_ROUTES": '[{"prefix": "/api", "target": "https://u:p@x.example"}]'}, "routes[0].target"),
            (
                {"HUB_ROUTES": '[{"prefix": "/api", "target": "https://x.example", "pass_request_headers": ["X-A", "X-User"]}]'},
                "routes[0].pass_request_headers",
            ),
            ({"HUB_ROUTES": '[{"prefix": "/api", "target": "https://x.example", "resource": "lab"}]'}, "routes[0].resource"),
            (
                {"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x", "token": "none", "idempotency_header": "hub"}]'},
                "routes[0].idempotency_header",
            ),
            (
                {"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x", "websocket": true, "idempotency_header": "hub"}]'},
                "routes[0].idempotency_header",
            ),
            ({"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x.example", "resource": "urn:lab#a"}]'}, "routes[0].resource"),
            ({"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x.example", "rendered": true}]'}, "routes[0].rendered"),
            (
                {"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x.example", "upstream_session_cookie": "a"}]'},
                "routes[0].upstream_session_cookie",
            ),
            (
                {
                    "HUB_ROUTES": '[{"prefix": "/a", "target": "https://x.example", '
                    '"upstream_session": "per_user", "upstream_session_cookie": "a b"}]'
                },
                "routes[0].upstream_session_cookie",
            ),
            (
                {"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x.example", "proof_version": 2}]'},
                "routes[0].proof_version",
            ),
            (
                {"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x.example", "json_errors": "relay"}]'},
                "routes[0].json_errors",
            ),
            (
                {"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x", "websocket": true, "token": "none", "rendered": true}]'},
                "routes[0].rendered",
            ),
            (
                {"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x.example", "methods": ["GET"], "beacons": true}]'},
                "routes[0].beacons",
            ),
            (
                {"HUB_ROUTES": '[{"prefix": "/a", "target": "https://x.example", "websocket": true, "beacons": true}]'},
                "routes[0].beacons",
            ),
        ],
    )
    def test_each(self, environment: dict[str, str], key: str) -> None:
        """A single mistake is reported under its key."""
        assert key in [mistake.partition(":")[0] for mistake in mistakes({**REQUIRED, **environment})]

    @pytest.mark.parametrize(
        "media_type",
        [
            "text/html",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/xml",
            "application/xml",
            "application/atom+xml",
            "text/xsl",
            "multipart/related",
            "message/rfc822",
            "image/*",
            "Image/PNG",
            "png",
            "image/png; a",
        ],
    )
    def test_never_inline(self, media_type: str) -> None:
        """What browsers show as a document with scripts is always a download, as is what cannot be compared."""
        routes = json.dumps([{"prefix": "/a", "target": "https://x.example", "inline": ["image/png", media_type]}])

        assert [text.partition(":")[0] for text in mistakes({**REQUIRED, "HUB_ROUTES": routes})] == ["routes[0].inline"]

    @pytest.mark.parametrize("resource", ["https://lab.example/api", "urn:hub:api"])
    def test_resource(self, resource: str) -> None:
        """RFC 8707 section 2: any absolute URI without fragment names a resource."""
        routes = json.dumps([{"prefix": "/api", "target": "https://x.example", "resource": resource}])

        assert load(None, {**REQUIRED, "HUB_ROUTES": routes}).routes[0].resource == resource

    def test_native_needs_no_client(self) -> None:
        """An IRIS application in native JWT mode has no client id, secret or scopes."""
        environment = {"HUB_PROVIDER_KIND": "iris_native", "HUB_PROVIDER_ISSUER": "https://iris.example/csp/clinic"}

        assert load(None, environment).provider.kind == "iris_native"

    def test_insecure_http_has_to_be_asked_for(self) -> None:
        """Plain HTTP on a network needs the setting that says what it costs."""
        environment = {**REQUIRED, "HUB_SERVER_PUBLIC_URL": "http://clinic.example", "HUB_SERVER_ALLOW_INSECURE_HTTP": "true"}

        assert load(None, environment).server.is_https is False

    def test_file_that_is_no_toml(self, tmp_path: Path) -> None:
        """The message names the file and the place."""
        file = tmp_path / "hub.toml"
        file.write_text("[server\n")

        assert re.search(r"hub\.toml: is not valid TOML: .*line 1", mistakes({}, file)[0])

    def test_file_that_is_not_there(self, tmp_path: Path) -> None:
        """The message says how to name another file."""
        assert "--config" in mistakes({}, tmp_path / "missing.toml")[0]


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://Clinic.Example:443/", "https://clinic.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://Klinik-München.example", "https://xn--klinik-mnchen-3ob.example"),
        ("https://xn--klinik-mnchen-3ob.example", "https://xn--klinik-mnchen-3ob.example"),
        ("https://straße.example:8443", "https://xn--strae-oqa.example:8443"),
    ],
)
def test_origin(public_url: str, origin: str) -> None:
    """The origin is what a browser sends: lower case, Punycode (without the ß of 2003), no default port."""
    assert load(None, {**REQUIRED, "HUB_SERVER_PUBLIC_URL": public_url}).server.origin == origin
