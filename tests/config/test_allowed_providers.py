"""Which providers' users may use a route or a topic: the settings, their mistakes, and the lines that mend them."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.config.allowed_providers import allowed_providers, by_provider, login_provider, login_url
from hub.config.reader import load
from hub.config.settings import RouteSettings, Settings, SettingsError, TopicSettings

MAIN = {"issuer": "https://iris.example/oauth2", "client_id": "hub", "client_secret": "s3cret"}
LAB = {**MAIN, "name": "lab", "issuer": "https://lab.example"}
ISSUERS = {"main": MAIN["issuer"], "lab": LAB["issuer"]}
BOTH = list(ISSUERS.items())


def toml(**tables: Any) -> str:
    """Return a settings file. `tables` are arrays of tables; their values are written as JSON, which TOML reads alike."""
    lines = ["[provider]", *(f"{key} = {json.dumps(value)}" for key, value in MAIN.items())]
    for name, array in tables.items():
        for table in array:
            lines += [f"[[{name}]]", *(f"{key} = {written(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def written(value: Any) -> str:
    """Return a value as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {written(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


def read(tmp_path: Path, text: str) -> Settings:
    """Read settings as the hub does."""
    (tmp_path / "hub.toml").write_text(text)
    return load(tmp_path / "hub.toml", {})


def mistakes(tmp_path: Path, **tables: Any) -> list[str]:
    """Return the mistakes of settings with a second provider."""
    tables.setdefault("providers", [LAB])
    try:
        read(tmp_path, toml(**tables))
    except SettingsError as error:
        return error.mistakes
    return []


def route(**settings: Any) -> dict[str, Any]:
    """Return a route as it stands in the settings."""
    return {"prefix": "/api", "target": "https://iris.example/csp", **settings}


class TestOneProvider:
    """Without [[providers]] nothing has to be said."""

    def test_nothing_is_needed(self, tmp_path: Path) -> None:
        """Routes and topics are for the users of the only provider, and a plain list is enough."""
        tables = {"routes": [route(acr_values=["urn:mfa"])], "topics": [{"name": "ward-*", "scope": "ward"}]}
        settings = read(tmp_path, toml(**tables))

        assert settings.issuers == {"main": MAIN["issuer"]}
        for table in (settings.routes[0], settings.topics[0]):
            assert allowed_providers(table, settings.issuers) == [("main", MAIN["issuer"])]

    def test_it_may_be_said(self, tmp_path: Path) -> None:
        """The name, all, and tables are valid; so settings can be prepared for a second provider."""
        for allowed in (["main"], ["*"]):
            settings = read(tmp_path, toml(routes=[route(allowed_providers=allowed, acr_values={"main": ["urn:mfa"]})]))
            assert settings.routes[0].acr_values == {"main": ["urn:mfa"]}

    def test_unknown_name(self, tmp_path: Path) -> None:
        """A name without a provider is a mistake here too."""
        with pytest.raises(SettingsError, match=r"routes\[0\]\.allowed_providers: there is no provider lab\. Known: main\."):
            read(tmp_path, toml(routes=[route(allowed_providers=["main", "lab"])]))


def test_fhir_server_of_another_provider(tmp_path: Path) -> None:
    """The main provider is asked for tokens of a FHIR server only if its users may use the route."""
    bases = []
    for allowed in (["lab"], ["main", "lab"]):
        fhir = route(preset="fhir", allowed_providers=allowed)
        text = toml(providers=[LAB], routes=[fhir]).replace("[provider]", '[provider]\nscopes = ["openid", "patient/*.read"]')
        bases.append(read(tmp_path, text).provider.authorization_parameters)

    assert bases == [{}, {"aud": "https://iris.example/csp"}]


class TestMistakes:
    """With [[providers]], who may use what must be said."""

    @pytest.mark.parametrize("token", ["user", "exchange", "client"])
    def test_missing(self, tmp_path: Path, token: str) -> None:
        """Each route with a login and each topic, all at once, with the table and the line to add."""
        routes = [
            route(token=token),
            route(prefix="/open", token="none"),
            route(prefix="/live", websocket=True),
        ]
        found = mistakes(tmp_path, routes=routes, topics=[{"name": "ward-*"}])

        assert [mistake.partition(":")[0] for mistake in found] == [
            "routes[0].allowed_providers",
            "routes[2].allowed_providers",
            "topics[0].allowed_providers",
        ]
        tables = [
            '[[routes]] table with prefix = "/api"',
            '[[routes]] table with prefix = "/live"',
            '[[topics]] table with name = "ward-*"',
        ]
        for mistake, table in zip(found, tables, strict=True):
            assert table in mistake
            assert tomllib.loads(mistake.splitlines()[-1]) == {"allowed_providers": ["main", "lab"]}

    def test_lines_to_add_are_enough(self, tmp_path: Path) -> None:
        """Whoever adds, or replaces by, the lines that are printed has valid settings."""
        api = route(token="exchange", audience="lab", scopes=["a b", 'c"d'], acr_values=["urn:mfa", "gold"])
        topic: dict[str, Any] = {"name": "ward-*", "scope": "ward"}
        for mistake in mistakes(tmp_path, routes=[api], topics=[topic]):
            (api if mistake.startswith("routes") else topic).update(tomllib.loads(mistake.splitlines()[-1]))

        settings = read(tmp_path, toml(providers=[LAB], routes=[api], topics=[topic]))
        assert settings.routes[0].acr_values == {"main": ["urn:mfa", "gold"], "lab": ["urn:mfa", "gold"]}
        assert settings.routes[0].scopes == {"main": ["a b", 'c"d'], "lab": ["a b", 'c"d']}
        assert settings.topics[0].scope == {"main": "ward", "lab": "ward"}

    @pytest.mark.parametrize(
        ("changes", "key"),
        [
            ({"allowed_providers": ["main", "ward"]}, "allowed_providers"),
            ({"allowed_providers": ["*", "main"]}, "allowed_providers"),
            ({"allowed_providers": ["*"], "acr_values": ["gold"]}, "acr_values"),
            ({"allowed_providers": ["main", "lab"], "acr_values": {"main": ["gold"]}}, "acr_values"),
            ({"allowed_providers": ["main"], "acr_values": {"lab": ["gold"]}}, "acr_values"),
            ({"allowed_providers": ["main"], "acr_values": {"main": ["gold"], "lab": []}}, "acr_values"),
            ({"allowed_providers": ["*"], "token": "exchange", "scopes": ["read"]}, "scopes"),
            ({"allowed_providers": ["*"], "token": "client", "scopes": {"main": ["read"], "lab": ["read"]}}, "scopes"),
            ({"allowed_providers": ["main"], "scopes": {"main": ["read"]}}, "scopes"),
            ({"allowed_providers": ["main"], "provider": "lab"}, "provider"),
            ({"allowed_providers": ["main"], "provider": "ward"}, "provider"),
            ({"allowed_providers": ["main"], "token": "client", "provider": "ward"}, "provider"),
            ({"allowed_providers": ["main"], "token": "none"}, "allowed_providers"),
            ({"allowed_providers": "main"}, "allowed_providers"),
            ({"allowed_providers": ["main"], "acr_values": "gold"}, "acr_values"),
        ],
    )
    def test_each_of_a_route(self, tmp_path: Path, changes: dict[str, Any], key: str) -> None:
        """A single mistake is reported under its key, and no other one."""
        found = mistakes(tmp_path, routes=[route(**changes)])

        assert {mistake.partition(":")[0] for mistake in found} == {f"routes[0].{key}"}

    @pytest.mark.parametrize(
        ("changes", "key"),
        [
            ({"allowed_providers": ["ward"]}, "allowed_providers"),
            ({"allowed_providers": ["*"], "scope": "ward"}, "scope"),
            ({"allowed_providers": ["*"], "scope": {"lab": "ward"}}, "scope"),
        ],
    )
    def test_each_of_a_topic(self, tmp_path: Path, changes: dict[str, Any], key: str) -> None:
        """Topics alike."""
        found = mistakes(tmp_path, topics=[{"name": "ward-*", **changes}])

        assert {mistake.partition(":")[0] for mistake in found} == {f"topics[0].{key}"}

    @pytest.mark.parametrize(
        "changes",
        [
            {"allowed_providers": ["*"]},
            {"allowed_providers": ["lab"], "acr_values": ["gold"]},
            {"allowed_providers": ["main", "lab"], "acr_values": {"main": ["urn:mfa"], "lab": []}},
            {"allowed_providers": ["lab"], "token": "exchange", "audience": "x", "scopes": ["read"]},
            {"allowed_providers": ["main"], "token": "client", "provider": "lab", "scopes": ["read"]},
            {"allowed_providers": ["main", "lab"], "provider": "lab"},
            {"token": "none"},
        ],
    )
    def test_valid(self, tmp_path: Path, changes: dict[str, Any]) -> None:
        """What is meant may be written."""
        assert mistakes(tmp_path, routes=[route(**changes)]) == []


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([], []),
        (["*"], BOTH),
        (["lab"], [BOTH[1]]),
        (["lab", "main", "lab"], BOTH[::-1]),
        (["ward"], []),
        (["*", "lab"], [BOTH[1]]),
    ],
)
def test_allowed(listed: list[str], expected: list[tuple[str, str]]) -> None:
    """Names come with their issuers. Where it is not said, nobody is allowed as soon as there is a choice."""
    for table in (
        RouteSettings(prefix="/api", target="https://x", allowed_providers=listed),
        TopicSettings(name="a", allowed_providers=listed),
    ):
        assert allowed_providers(table, ISSUERS) == expected


def test_by_provider() -> None:
    """A plain value holds for all, a table for each by itself."""
    assert by_provider(["gold"], "lab") == ["gold"]
    assert by_provider({"main": ["gold"], "lab": ["silver"]}, "lab") == ["silver"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"allowed_providers": ["*"]}, "/hub/login"),
        ({"allowed_providers": ["lab", "main"]}, "/hub/login"),
        ({"allowed_providers": ["lab"]}, "/hub/login?provider=lab"),
        ({"allowed_providers": ["*"], "provider": "lab"}, "/hub/login?provider=lab"),
        ({"allowed_providers": ["main"], "token": "client", "provider": "lab"}, "/hub/login"),
        ({}, "/hub/login"),
    ],
)
def test_login(settings: dict[str, Any], expected: str) -> None:
    """Users log in where it is said, else at the main provider if its users are allowed, else at the first that is."""
    assert login_url(login_provider(RouteSettings(prefix="/api", target="https://x", **settings), ISSUERS)) == expected
