"""Checks of Redis, of the nodes that share it, and of the session keys."""

from pathlib import Path

from hub.config.secret_files import exposed_files
from hub.config.settings import Settings
from hub.doctor.findings import Finding, failure, ok, skipped, warning
from hub.doctor.nodes import compare_nodes
from hub.errors import StoreUnavailable
from hub.session.key_folder import KeySources, read_folder
from hub.session.keyring import KeyringError
from hub.session.node_registry import read_nodes
from hub.session.redis_client import Redis, connect, translated_errors

OLD_KEY_SECONDS = 366 * 86400.0
OTHERS = 0o077


async def examine_redis(url: str, timeout_seconds: float) -> list[Finding]:
    """Check a Redis that operators run themselves, and the nodes that share it. Return the findings."""
    redis = connect(url, timeout_seconds)
    try:
        with translated_errors():
            await redis.ping()
        nodes = compare_nodes(await read_nodes(redis))
        return [ok("redis-reachable", "redis.url", "responds"), *await _examine_configuration(redis), *nodes]
    except StoreUnavailable:
        return [
            failure(
                "redis-reachable",
                "redis.url",
                "does not respond",
                "Check that it runs, and check address and password in redis.url.",
            )
        ]
    finally:
        await redis.aclose()


async def _examine_configuration(redis: Redis) -> list[Finding]:
    try:
        with translated_errors():
            facts = {
                **await redis.config_get("maxmemory*"),
                **await redis.config_get("appendonly"),
                **await redis.config_get("save"),
            }
    except StoreUnavailable:
        message = "does not show its configuration, as is usual for managed services"
        return [skipped("redis-eviction", "redis.url", message)]
    settings = {_text(name): _text(value) for name, value in facts.items()}
    return [_eviction(settings), _persistence(settings)]


def _eviction(settings: dict[str, str]) -> Finding:
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy == "noeviction":
        return ok("redis-eviction", "redis.url", "does not evict keys")
    message = f"evicts keys when its memory is full ({policy}): users are logged out, and ended sessions may become valid again"
    return failure("redis-eviction", "redis.url", message, "Set maxmemory-policy to noeviction.")


def _persistence(settings: dict[str, str]) -> Finding:
    if settings.get("appendonly") == "yes":
        return ok("redis-persistence", "redis.url", "writes an append-only file")
    if settings.get("save"):
        advice = "Set appendonly to yes."
        return warning(
            "redis-persistence", "redis.url", "writes snapshots only: a crash loses the logins of the last minutes", advice
        )
    return warning(
        "redis-persistence", "redis.url", "writes nothing to disk: a restart logs all users out", "Set appendonly to yes."
    )


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def examine_keys(settings: Settings, now: float) -> list[Finding]:
    """Check the session keys: readability, permissions, age. Return the findings."""
    sources = KeySources.of(settings)
    about = str(sources.folder) if sources.folder is not None else "session.key_files"
    try:
        sources.read(now)
        dated = [] if sources.folder is None else read_folder(sources.folder)
    except KeyringError as error:
        if not settings.redis.url and not settings.session.key_dir and not settings.session.key_files:
            return [skipped("keys", about, "are created at the first start")]
        return [failure("keys", about, str(error), "Create a key with hub keys rotate.")]
    files = [*sources.files, *(each.file for each in dated)]
    exposed = [file for file in files if _is_open_to_others(file)]
    if exposed:
        advice = "Run chmod 600 on it. With this key, anybody can decrypt all sessions in Redis."
        return [failure("keys", str(exposed[0]), "is readable by other users of this machine", advice)]
    made_at = [each.made_at for each in dated] or [file.stat().st_mtime for file in files]
    days = (now - max(made_at)) / 86400
    if days * 86400 > OLD_KEY_SECONDS:
        return [warning("keys", about, f"the newest key is {days:.0f} days old", "Run hub keys rotate. No restart is needed.")]
    return [ok("keys", about, f"the newest key is {days:.0f} days old")]


def examine_secret_files(settings: Settings) -> list[Finding]:
    """Check the permissions of all other files of secrets and private keys. Return the findings."""
    advice = "Run chmod 600 on it, or chmod 440 if the hub reads it by its group."
    return [
        warning("secret-files", key, f"{file} has mode {mode}: other users of this machine can read or replace it", advice)
        for key, file, mode in exposed_files(settings)
    ]


def _is_open_to_others(file: Path) -> bool:
    return bool(file.stat().st_mode & OTHERS)
