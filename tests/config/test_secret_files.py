"""Files of secrets that other users of the machine may read or change."""

from dataclasses import replace
from pathlib import Path

import pytest

from hub.config.secret_files import exposed_files
from hub.config.settings import AdminSettings, ProviderSettings, PublisherSettings, RouteSettings, ServerSettings, Settings


def with_secret(file: Path) -> Settings:
    """Return settings whose client secret is in this file."""
    return Settings(provider=ProviderSettings(client_secret_file=str(file)))


@pytest.mark.parametrize("mode", [0o666, 0o644, 0o604, 0o602, 0o620])
def test_mode_that_is_too_wide(tmp_path: Path, mode: int) -> None:
    """Another user of the machine could read the secret, or replace it."""
    file = tmp_path / "secret"
    file.write_text("s")
    file.chmod(mode)

    assert exposed_files(with_secret(file)) == [("provider.client_secret_file", str(file), f"{mode:o}")]


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_mode_that_is_narrow(tmp_path: Path, mode: int) -> None:
    """A group that reads it is how containers hand secrets to a process."""
    file = tmp_path / "secret"
    file.write_text("s")
    file.chmod(mode)

    assert exposed_files(with_secret(file)) == []


def test_missing_file() -> None:
    """Whatever reads the file says that it is missing."""
    assert exposed_files(with_secret(Path("/nowhere/secret"))) == []


def test_every_secret_file(tmp_path: Path) -> None:
    """Each setting that names a secret or a private key is checked, by its key."""
    file = tmp_path / "key"
    file.write_text("k")
    file.chmod(0o666)
    path = str(file)
    provider = ProviderSettings(client_secret_file=path, client_key_file=path, dpop_key_file=path, id_token_key_file=path)
    settings = Settings(
        provider=provider,
        providers=[replace(provider, name="partners")],
        server=ServerSettings(tls_key_file=path),
        admin=AdminSettings(token_file=path),
        publishers=[PublisherSettings(name="ward", topics=["a"], token_file=path)],
        routes=[RouteSettings(prefix="/api", target="https://h", proof_key_file=path)],
    )

    assert [key for key, _, _ in exposed_files(settings)] == [
        *(f"provider.{name}" for name in ("client_secret_file", "client_key_file", "dpop_key_file", "id_token_key_file")),
        *(f"providers[0].{name}" for name in ("client_secret_file", "client_key_file", "dpop_key_file", "id_token_key_file")),
        "server.tls_key_file",
        "admin.token_file",
        "publishers[0].token_file",
        "routes[0].proof_key_file",
    ]
