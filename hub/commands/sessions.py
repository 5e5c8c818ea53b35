"""`hub sessions list` and `hub sessions end`: list and end sessions at the machine.

The command uses Redis directly, so it works without a running hub. Running hubs get an event and close the channels. A private
Redis runs only as long as its hub.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from hub.commands.terminal import complain, fail, lines_of, write_json, write_lines
from hub.config.reader import load
from hub.config.settings import Settings, SettingsError
from hub.errors import BadRequest, HubError, StoreUnavailable
from hub.primitives.clock import SystemClock
from hub.process.embedded_redis import EmbeddedRedisError, running_url
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.key_folder import KeySources
from hub.session.keyring import Keyring, KeyringError
from hub.session.listing import describe_to_operator
from hub.session.model import Lifetimes, session_ref
from hub.session.operators import Criteria, Operator, SessionAdministration
from hub.session.redis_client import connect
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry import log
from hub.telemetry.metrics import Metrics

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

EXIT_FAILED = 1
EXIT_USAGE = 2
DEFAULT_CONFIG = Path("conf/hub.toml")
DEFAULT_LIMIT = 1000
COLUMNS = ("handle", "subject", "provider", "age", "inactive", "address", "client")
OPERATOR = Operator("command")


def register(subparsers: Subparsers) -> None:
    """Add the command. Its options contain `run`, a function that takes the options and returns the exit code."""
    command = subparsers.add_parser("sessions", help="list or end the sessions of users")
    actions = command.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="list the users who are logged in")
    listing.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help="list at most this many (default: %(default)s)")
    listing.add_argument("--json", action="store_true", help="print a JSON array")
    ending = actions.add_parser("end", help="log users out")
    which = ending.add_mutually_exclusive_group(required=True)
    which.add_argument("handle", nargs="?", help="one session: its handle, or at least the first 12 characters of it")
    which.add_argument("--all", action="store_true", help="all sessions of all users")
    which.add_argument("--subject", help="all sessions of this user")
    listing.add_argument("--subject", default="", help="only sessions of this user")
    for action in (listing, ending):
        action.add_argument("--issuer", default="", help="only sessions of the provider with this issuer")
        action.add_argument("--provider", default="", help="only sessions of the provider with this name in the settings")
        action.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=f"settings file (default: {DEFAULT_CONFIG})")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command. Return the exit code: 0 done, 1 failed, 2 settings or command line are not valid."""
    try:
        settings = load(getattr(options, "config", DEFAULT_CONFIG))
        log.configure(settings.log.level, settings.log.format, audit_file=settings.log.audit_file)
        return asyncio.run(_run(options, settings))
    except SettingsError as error:
        return fail(EXIT_USAGE, "The settings are not valid:", *lines_of(error))
    except (KeyringError, EmbeddedRedisError) as error:
        return fail(EXIT_FAILED, str(error))
    except StoreUnavailable:
        return fail(EXIT_FAILED, "Redis does not respond. If redis.url is empty, start the hub: it runs the private Redis.")
    except HubError as error:
        return fail(EXIT_FAILED, error.detail)


async def _run(options: argparse.Namespace, settings: Settings) -> int:
    criteria = Criteria(subject=options.subject or "", issuer=options.issuer, provider=options.provider)
    async with _opened(settings) as sessions:
        administration = SessionAdministration(sessions, settings.issuers.values())
        if options.action == "list":
            return await _list(options, criteria, administration, sessions.lifetimes)
        if options.handle is not None:
            ended = await administration.end(options.handle, OPERATOR)
            write_lines([f"Session {ended.ref} of {log.mask_text(ended.subject)} has ended."])
        elif not options.all and not options.subject:
            raise BadRequest("--subject: is empty. Use --all to end all sessions of all users.")
        else:
            write_lines([f"{await administration.end_all(criteria, OPERATOR)} sessions have ended."])
    return 0


async def _list(
    options: argparse.Namespace, criteria: Criteria, administration: SessionAdministration, lifetimes: Lifetimes
) -> int:
    found = await administration.find(criteria, max(options.limit, 1), OPERATOR)
    now = SystemClock().now()
    listed = [describe_to_operator(session, lifetimes, now) for session in found.sessions]
    if options.json:
        write_json(msgspec.to_builtins(listed))
    else:
        write_lines(_table([COLUMNS, *map(_row, listed)]))
    if found.more:
        complain(f"There are more than {options.limit} sessions. Use --limit to list more.")
    return 0


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Sessions]:
    """Open the session store of these settings.

    Raises:
        EmbeddedRedisError: No private Redis is running.
        KeyringError: A key cannot be read.
    """
    data_dir, times = Path(settings.redis.data_dir), settings.session
    url = settings.redis.url or running_url(data_dir)
    lifetimes, clock = Lifetimes(times.idle_timeout_seconds, times.absolute_timeout_seconds), SystemClock()
    keyring = Keyring(KeySources.of(settings).read(clock.now()))
    redis = connect(url, settings.redis.timeout_seconds)
    try:
        codec = RecordCodec(keyring, accepts_unauthenticated=times.unauthenticated_records == "accept")
        store = SessionStore(redis, codec, lifetimes, clock)
        metrics = Metrics()
        feed = EventFeed(redis, keyring, clock, metrics)
        yield Sessions(store, feed, RevocationQueue(redis, codec), lifetimes, clock, metrics)
    finally:
        await redis.aclose()


def _row(listed: dict[str, Any]) -> tuple[str, ...]:
    times = (_duration(listed["age"]), _duration(listed["inactive_for"]))
    shown = (listed["subject"], listed["provider"], *times, listed["address"], listed["client"])
    return (
        session_ref(listed["handle"]),
        *(log.mask_text(cell) or "-" for cell in shown),
    )  # `User-Agent` may contain anything


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    return f"{minutes // 60}h {minutes % 60:02}m" if minutes >= 60 else f"{minutes}m {rest:02}s"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
