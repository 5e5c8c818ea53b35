"""Finds files of secrets and private keys that other users of the machine may read or change. Reads no file."""

from collections.abc import Iterator
from pathlib import Path

from hub.config.settings import ProviderSettings, Settings

OTHERS = 0o006  # everybody may read or write
GROUP_WRITES = 0o020

PROVIDER_FILES = ("client_secret_file", "client_key_file", "dpop_key_file", "id_token_key_file")


def exposed_files(settings: Settings) -> list[tuple[str, str, str]]:
    """Return the secret files whose mode is too wide: the key of the setting, the file, and its mode, such as `666`.

    Session keys are not among them: `hub doctor` checks those more strictly. A file that cannot be examined is left out.
    """
    return [(key, file, f"{mode:03o}") for key, file in _files(settings) if (mode := _mode(file)) & (OTHERS | GROUP_WRITES)]


def _files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the files, each with the key of its setting."""
    named = [
        *_of_provider("provider", settings.provider),
        *(each for index, provider in enumerate(settings.providers) for each in _of_provider(f"providers[{index}]", provider)),
        ("server.tls_key_file", settings.server.tls_key_file),
        ("admin.token_file", settings.admin.token_file),
        *((f"publishers[{index}].token_file", each.token_file) for index, each in enumerate(settings.publishers)),
        *((f"routes[{index}].proof_key_file", each.proof_key_file) for index, each in enumerate(settings.routes)),
    ]
    return ((key, file) for key, file in named if file)


def _of_provider(key: str, provider: ProviderSettings) -> list[tuple[str, str]]:
    return [(f"{key}.{name}", getattr(provider, name)) for name in PROVIDER_FILES]


def _mode(file: str) -> int:
    try:
        return Path(file).stat().st_mode & 0o777
    except OSError:
        return 0
