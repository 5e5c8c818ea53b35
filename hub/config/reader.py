"""Reads the settings from a TOML file, environment variables and secret files. Reports all mistakes at once, each with its key.

An environment variable `HUB_<SECTION>_<KEY>` overrides its key; `HUB_ROUTES`, `HUB_PROVIDERS`, `HUB_TOPICS`
and `HUB_PUBLISHERS` hold JSON arrays.
"""

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec

from hub.config.presets import with_presets
from hub.config.rules import contradictions
from hub.config.settings import (
    SECTIONS,
    AdminSettings,
    ProviderSettings,
    PublisherSettings,
    RouteSettings,
    Settings,
    SettingsError,
    TopicSettings,
)
from hub.primitives.json_decoder import UnreadableJson, decode_any
from hub.primitives.secret import Secret

Item = TypeVar("Item", RouteSettings, ProviderSettings, TopicSettings, PublisherSettings)
Table = TypeVar("Table", AdminSettings, ProviderSettings, PublisherSettings)

ARRAYS = {"routes": "HUB_ROUTES", "providers": "HUB_PROVIDERS", "topics": "HUB_TOPICS", "publishers": "HUB_PUBLISHERS"}
"""Arrays of tables, and the environment variable that replaces each of them."""


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the TOML file at `path` (None: defaults only), overridden by `environment`.

    Relative paths in the settings are relative to the folder in which the hub is started.

    Raises:
        SettingsError: Settings are missing, unknown or wrong. The error lists all of them.
    """
    reader = _Reader()
    tables = _with_environment(_read_toml(path), environment, reader)
    sections = {name: reader.section(name, kind, tables.pop(name, {})) for name, kind in SECTIONS.items()}
    routes = reader.array("routes", RouteSettings, tables.pop("routes", []), required=("prefix", "target"))
    providers = reader.array("providers", ProviderSettings, tables.pop("providers", []), required=("name", "issuer"))
    topics = reader.array("topics", TopicSettings, tables.pop("topics", []), required=("name",))
    publishers = reader.array("publishers", PublisherSettings, tables.pop("publishers", []), required=("name", "topics"))
    for unknown in tables:
        reader.unknown(unknown, [*SECTIONS, *ARRAYS])
    arrays: dict[str, Any] = {"routes": routes, "providers": providers, "topics": topics, "publishers": publishers}
    settings = with_presets(_with_secret_files(Settings(**sections, **arrays), reader))
    reader.mistakes.extend(_about_other_keys(contradictions(settings), reader.mistakes))
    if reader.mistakes:
        raise SettingsError(reader.mistakes)
    return settings


def _about_other_keys(mistakes: list[str], known: list[str]) -> list[str]:
    """Drop mistakes of keys that are already reported: a key that could not be read has its default value."""
    reported = {mistake.partition(":")[0] for mistake in known}
    return [mistake for mistake in mistakes if mistake.partition(":")[0] not in reported]


def _read_toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            [f"{path}: cannot be read ({error.strerror}). Give the path of the settings file with --config."]
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: is not valid TOML: {error}"]) from error


def _with_environment(tables: dict[str, Any], environment: Mapping[str, str], reader: "_Reader") -> dict[str, Any]:
    """Return the tables, overridden by the `HUB_*` variables. Their values remain text; `_Reader` converts them."""
    names = {
        f"HUB_{section}_{item.name}".upper(): (section, item.name)
        for section, kind in SECTIONS.items()
        for item in dataclasses.fields(kind)
    }
    merged = {name: dict(table) if isinstance(table, dict) else table for name, table in tables.items()}
    for name, text in environment.items():
        if name in ARRAYS.values():
            merged[next(key for key, variable in ARRAYS.items() if variable == name)] = reader.json(name, text, default=[])
        elif name in names:
            section, key = names[name]
            table = merged.setdefault(section, {})
            if isinstance(table, dict):
                table[key] = _Text(text)
        elif name.startswith("HUB_"):
            reader.unknown(name, [*names, *ARRAYS.values()])
    return merged


class _Text(str):
    """A value from the environment. It is converted to a number, boolean, list or table."""

    __slots__ = ()


class _Reader:
    """Converts raw tables to dataclasses, and collects their mistakes."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def section(self, name: str, kind: type, table: Any) -> Any:
        """Build `kind` from `table`. A wrong value is reported and replaced by the default."""
        if not isinstance(table, dict):
            self.mistakes.append(f"{name}: must be a table, written as [{name}].")
            return kind()
        return kind(**self._values(name, kind, table))

    def array(self, name: str, kind: type[Item], tables: Any, required: tuple[str, ...]) -> list[Item]:
        """Build one `kind` from each table. Mistakes name the tables `routes[0]`, `routes[1]` and so on."""
        if not isinstance(tables, list):
            self.mistakes.append(f"{name}: must be an array of tables, each written as [[{name}]].")
            return []
        items = []
        for index, table in enumerate(tables):
            key = f"{name}[{index}]"
            values = self._values(key, kind, table if isinstance(table, dict) else {})
            missing = [needed for needed in required if needed not in values]
            self.mistakes.extend(f"{key}.{needed}: is missing." for needed in missing if needed not in table)
            if not missing:
                items.append(kind(**values))
        return items

    def json(self, name: str, text: str, default: Any) -> Any:
        """Decode `text` as JSON. If it is not valid, report that and return `default`."""
        try:
            return decode_any(text)
        except UnreadableJson as error:
            self.mistakes.append(f"{name}: is not valid JSON: {error}.")
            return default

    def unknown(self, key: str, known: list[str]) -> None:
        """Report a key that does not exist, and suggest the most similar one."""
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
                raw = decode_any(str(raw))
            except UnreadableJson as error:
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
    """Return msgspec's message in the style of the other mistakes: `must be ...` instead of `Expected ...`."""
    text = str(error).replace("`", "").replace("Expected ", "must be ")
    return text if text.endswith(".") else text + "."


def _with_secret_files(settings: Settings, reader: _Reader) -> Settings:
    """Return the settings with the secrets that `client_secret_file` and `token_file` contain."""
    providers = [
        _with_secret(each, f"providers[{index}]", "client_secret", reader) for index, each in enumerate(settings.providers)
    ]
    return dataclasses.replace(
        settings,
        provider=_with_secret(settings.provider, "provider", "client_secret", reader),
        providers=providers,
        admin=_with_secret(settings.admin, "admin", "token", reader),
        publishers=[
            _with_secret(each, f"publishers[{index}]", "token", reader) for index, each in enumerate(settings.publishers)
        ],
    )


def _with_secret(table: Table, key: str, name: str, reader: _Reader) -> Table:
    """Return the table with the content of `<name>_file` as its secret `name`, if there is such a file."""
    path = getattr(table, f"{name}_file")
    if not path:
        return table
    if getattr(table, name):
        reader.mistakes.append(f"{key}.{name}: set either this or {key}.{name}_file, not both.")
        return table
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reader.mistakes.append(f"{key}.{name}_file: {path} cannot be read ({getattr(error, 'strerror', 'it is not UTF-8')}).")
        return table
    if not secret:
        reader.mistakes.append(f"{key}.{name}_file: {path} is empty.")
    changes: dict[str, Any] = {name: Secret(secret)}
    return dataclasses.replace(table, **changes)
