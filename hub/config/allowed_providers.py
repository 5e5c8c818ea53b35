"""Which providers' users may use a route or a topic, and which setting holds for the users of which provider. Pure.

A right belongs to an issuer: `acr`, `scope` and `sub` mean something at the provider alone that has issued them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from hub.config.settings import MAIN_PROVIDER, RouteSettings, Settings, TopicSettings
from hub.errors import LOGIN_URL

Value = TypeVar("Value")

EVERY_PROVIDER = ["*"]

ProviderKey = tuple[str, str]
"""Name and issuer of a provider. The name alone could belong to another issuer after a change of the settings."""


def allowed_providers(table: RouteSettings | TopicSettings, issuers: Mapping[str, str]) -> list[ProviderKey]:
    """Return the providers whose users may use a route or a topic. Without a choice between several, that is the only one.

    Parameters:
        issuers: The issuers of all providers, by their names. Unknown names are allowed nothing.
    """
    listed = table.allowed_providers
    if listed == EVERY_PROVIDER or (not listed and len(issuers) == 1):
        return list(issuers.items())
    return [(name, issuers[name]) for name in dict.fromkeys(listed) if name in issuers]


def by_provider(value: Value | dict[str, Value], name: str) -> Value:
    """Return the value of a setting for the users of one provider. A table has a value for each provider that is allowed."""
    return value[name] if isinstance(value, dict) else value


def login_provider(table: RouteSettings | TopicSettings, issuers: Mapping[str, str]) -> str:
    """Return the name of the provider at which users log in for a route or a topic: `main`, if its users are allowed."""
    if isinstance(table, RouteSettings) and table.provider and table.token in ("user", "exchange"):
        return table.provider
    names = [name for name, _ in allowed_providers(table, issuers)]
    return MAIN_PROVIDER if MAIN_PROVIDER in names or not names else names[0]


def login_url(provider: str) -> str:
    """Return the path at which a login at a provider begins."""
    return LOGIN_URL if provider == MAIN_PROVIDER else f"{LOGIN_URL}?{urlencode({'provider': provider})}"


def allowed_provider_mistakes(settings: Settings) -> list[str]:
    """Return the mistakes about providers in `[[routes]]` and `[[topics]]`. Where several exist, they hold the lines to add."""
    issuers = settings.issuers
    mistakes = []
    for index, route in enumerate(settings.routes):
        place = _Place(f"routes[{index}]", f"the [[routes]] table with prefix = {_toml(route.prefix)}", list(issuers))
        mistakes.extend(_route_mistakes(place, route))
    for index, topic in enumerate(settings.topics):
        place = _Place(f"topics[{index}]", f"the [[topics]] table with name = {_toml(topic.name)}", list(issuers))
        mistakes.extend([*place.allowed(topic.allowed_providers), *place.values("scope", topic.scope, topic.allowed_providers)])
    return mistakes


def _route_mistakes(place: "_Place", route: RouteSettings) -> list[str]:
    mistakes = []
    if route.provider and route.provider not in place.names:
        mistakes.append(f"{place.key}.provider: {place.unknown(route.provider)}")
    if route.token == "none":
        return mistakes
    listed = route.allowed_providers
    mistakes.extend(place.allowed(listed))
    if route.token != "client" and route.provider in place.names and route.provider not in place.effective(listed):
        mistakes.append(f"{place.key}.provider: users log in there, so it must be one of allowed_providers.")
    mistakes.extend(place.values("acr_values", route.acr_values, listed))
    if route.token == "exchange":
        mistakes.extend(place.values("scopes", route.scopes, listed))
    elif route.token == "client" and isinstance(route.scopes, dict):
        mistakes.append(f"{place.key}.scopes: must be a list, because the token of the hub itself comes from one provider.")
    return mistakes


class _Place:
    """A table of the settings whose mistakes are looked for.

    Attributes:
        key: The table, such as `routes[0]`.
        table: The table in words, for the person who adds a line to it.
        names: The names of all providers.
    """

    def __init__(self, key: str, table: str, names: list[str]) -> None:
        self.key = key
        self.table = table
        self.names = names

    def unknown(self, name: str) -> str:
        """Return the sentence about a name that no provider has."""
        return f"there is no provider {name}. Known: {', '.join(sorted(self.names))}."

    def effective(self, listed: Sequence[str]) -> list[str]:
        """Return the names of the providers that are allowed. As long as that is missing, all are."""
        return self.names if not listed or listed == EVERY_PROVIDER else [name for name in self.names if name in listed]

    def allowed(self, listed: list[str]) -> list[str]:
        """Return the mistakes of `allowed_providers`."""
        key = f"{self.key}.allowed_providers"
        if not listed and len(self.names) > 1:
            return [
                f"{key}: is missing. With [[providers]], it names the providers whose users may use this. Add this line to "
                f"{self.table}, without the providers whose users may not:\n    allowed_providers = {_toml(self.names)}"
            ]
        if "*" in listed:
            return [] if listed == EVERY_PROVIDER else [f'{key}: must be ["*"] for all providers, or their names.']
        return [f"{key}: {self.unknown(name)}" for name in listed if name not in self.names]

    def values(self, name: str, value: Any, listed: Sequence[str]) -> list[str]:
        """Return the mistakes of a setting that is a table by provider where several are allowed."""
        key, allowed = f"{self.key}.{name}", self.effective(listed)
        if not isinstance(value, dict):
            if not value or len(allowed) <= 1:
                return []
            return [
                f"{key}: is one value for several providers, and each gives it a meaning of its own. Write a table in "
                f"{self.table}, with the values of each provider:\n    {name} = {_toml(dict.fromkeys(allowed, value))}"
            ]
        missing = [each for each in allowed if each not in value]
        strange = [each for each in value if each not in allowed]
        return [
            *(
                f"{key}: has no value for the provider {each}, which is allowed. An empty one asks for nothing."
                for each in missing
            ),
            *(f"{key}: names {each}, which is not in allowed_providers. Remove it." for each in strange),
        ]


def _toml(value: Any) -> str:
    """Return a value as TOML: a string, a list, or an inline table."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
