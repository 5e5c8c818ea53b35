"""`hub sessions list` and `hub sessions end`, as processes of their own, on a real Redis."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hub.errors import SessionEnded
from hub.primitives.clock import SystemClock
from hub.session.codec import RecordCodec
from hub.session.event_feed import EventFeed
from hub.session.events import SessionEvent, SessionHasEnded
from hub.session.keyring import Keyring, make_key_file
from hub.session.model import Lifetimes, Session
from hub.session.redis_client import connect
from hub.session.revocations import RevocationQueue
from hub.session.sessions import Sessions
from hub.session.store import SessionStore
from hub.telemetry.metrics import Metrics
from tests.parties.hub import PROJECT, settings
from tests.session.samples import make_session

COMMAND = """
import argparse, sys
from hub.commands import sessions
parser = argparse.ArgumentParser()
sessions.register(parser.add_subparsers(required=True))
options = parser.parse_args()
sys.exit(options.run(options))
"""


@dataclass
class Done:
    """What a command said."""

    code: int
    out: str
    err: str


@dataclass
class Desk:
    """Sessions, and the command line beside them."""

    sessions: Sessions
    feed: EventFeed
    environment: dict[str, str]

    async def run(self, *arguments: str, **environment: str) -> Done:
        """Run `hub sessions` with these arguments."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", COMMAND, "sessions", *arguments),
            cwd=PROJECT,
            env={**self.environment, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return Done(process.returncode or 0, out.decode(), err.decode())

    async def start(self, subject: str, **changes: str) -> Session:
        """Log somebody in."""
        session = replace(make_session(subject=subject, now=SystemClock().now()), **changes)
        await self.sessions.start(session)
        return session


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Nobody is logged in."""
    key_file, config, clock = tmp_path / "session.key", tmp_path / "hub.toml", SystemClock()
    make_key_file(key_file)
    config.touch()
    redis, lifetimes = connect(redis_url, 2.0), Lifetimes(900, 43200)
    keyring = Keyring.read([key_file])
    feed, codec = EventFeed(redis, keyring, clock, Metrics()), RecordCodec(keyring)
    store = SessionStore(redis, codec, lifetimes, clock)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    environment = settings("https://iris.example/oauth2", "hub", "s3cret", [], HUB_REDIS_URL=redis_url)
    environment |= {"HUB_SESSION_KEY_FILES": str(key_file), "HUB_LOG_AUDIT_FILE": str(tmp_path / "audit.log")}
    yield Desk(Sessions(store, feed, RevocationQueue(redis, codec), lifetimes, clock, Metrics()), feed, clean | environment)
    await redis.aclose()


async def reason_of(desk: Desk, session: Session) -> str | None:
    """Return why the session has ended; None if it lives."""
    try:
        await desk.sessions.by_key(session.key)
    except SessionEnded as ended:
        return str(ended.extensions["reason"])
    return None


async def test_list(desk: Desk, tmp_path: Path) -> None:
    """A table for people, in which nothing that a browser calls itself can move the cursor."""
    await desk.start("bob", client="Mozilla\x1b[2J\n/5.0", address="192.0.2.9")
    alice = await desk.start("alice")
    config = str(tmp_path / "hub.toml")
    done = await desk.run("list", "--config", config)
    only = await desk.run("list", "--subject", "bob", "--config", config)

    head, first, second = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert head.split() == ["handle", "subject", "provider", "age", "inactive", "address", "client"]
    assert first.split()[:3] == [alice.ref, "alice", "main"]
    assert "bob" in second
    assert "192.0.2.9" in second
    assert "\x1b" not in done.out
    assert "alice" not in only.out


async def test_json(desk: Desk, tmp_path: Path) -> None:
    """The same for programs, with whole handles; of many the latest, and a word that there are more."""
    await desk.start("bob")
    alice = await desk.start("alice")
    done = await desk.run("list", "--json", "--limit", "1", "--config", str(tmp_path / "hub.toml"))

    (listed,) = json.loads(done.out)
    assert (listed["handle"], listed["subject"], listed["issuer"]) == (alice.key, "alice", alice.issuer)
    assert "more than 1" in done.err
    assert [name for name in listed if "token" in name] == []


async def test_end_one(desk: Desk, tmp_path: Path) -> None:
    """The handle as the log shows it is enough; running hubs are told, the user learns who it was, and the audit too."""
    alice, bob = await desk.start("alice"), await desk.start("bob")
    heard: asyncio.Queue[SessionEvent] = asyncio.Queue()
    listening = asyncio.Event()

    async def on_gap() -> None:
        listening.set()

    task = asyncio.create_task(desk.feed.run(heard.put, on_gap))
    await listening.wait()
    done = await desk.run("end", alice.ref, "--config", str(tmp_path / "hub.toml"))

    assert (done.code, done.out) == (0, f"Session {alice.ref} of alice has ended.\n")
    event = await heard.get()
    assert isinstance(event, SessionHasEnded)
    assert (event.key, event.reason) == (alice.key, "operator")
    assert (await reason_of(desk, alice), await reason_of(desk, bob)) == ("operator", None)
    audit = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    assert [record["event"] for record in audit] == ["audit.session_ended", "audit.operator_ended"]
    task.cancel()


async def test_end_many(desk: Desk, tmp_path: Path) -> None:
    """All sessions of a user, then of everybody."""
    config = str(tmp_path / "hub.toml")
    first, second = await desk.start("alice"), await desk.start("alice", issuer="https://other.example")
    bob = await desk.start("bob")

    at_one = await desk.run("end", "--subject", "alice", "--issuer", first.issuer, "--config", config)
    assert (at_one.out, await reason_of(desk, first), await reason_of(desk, second)) == (
        "1 sessions have ended.\n",
        "operator",
        None,
    )
    everybody = await desk.run("end", "--all", "--config", config)
    assert (everybody.out, await reason_of(desk, bob)) == ("2 sessions have ended.\n", "operator")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["end"], 2, "required"),
        (["end", "0" * 12, "--all"], 2, "not allowed"),
        (["end", "0" * 12], 1, "no such session"),
        (["end", ""], 1, "12 to 64 hexadecimal digits"),
        (["end", "--subject", ""], 1, "--subject: is empty"),
        (["end", "--subject", "", "--issuer", "https://iris.example"], 1, "--subject: is empty"),
        (["end", "alice"], 1, "12 to 64 hexadecimal digits"),
        (["list", "--limit", "many"], 2, "invalid int"),
        (["list", "--config", "/nowhere/hub.toml"], 2, "cannot be read"),
    ],
)
async def test_mistakes(desk: Desk, tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    """What cannot be done is said in one sentence, and ends nothing."""
    alice = await desk.start("alice")
    config = [] if "--config" in arguments else ["--config", str(tmp_path / "hub.toml")]
    done = await desk.run(*arguments, *config)

    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert await reason_of(desk, alice) is None


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"HUB_REDIS_URL": "unix:///nowhere/socket"}, "Redis does not respond"),
        ({"HUB_REDIS_URL": "", "HUB_REDIS_DATA_DIR": "/nowhere"}, "No hub is running with"),
    ],
)
async def test_redis_is_not_there(desk: Desk, tmp_path: Path, environment: dict[str, str], said: str) -> None:
    """Without the store there is nothing to list; the message says what is missing."""
    done = await desk.run("list", "--config", str(tmp_path / "hub.toml"), **environment)

    assert (done.code, done.out) == (1, "")
    assert said in done.err
    assert "Traceback" not in done.err
