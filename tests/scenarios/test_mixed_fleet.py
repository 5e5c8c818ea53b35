"""Two hubs of different settings and keys on one Redis, as in a rolling change: neither destroys what only the other can handle.

Each cell of the matrix is a pair of hubs under load. The default tests have one cell, in which each hub lacks what the other
has; the command "mixed fleets" of CI has all others.
"""

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.channel.close_codes import CloseCode
from hub.doctor.store import examine_redis
from tests.parties.channel import Channel, ChannelClosedError
from tests.parties.hub import Hub
from tests.scenarios.fleet import KINDS, NEW, OLD, PROVIDERS, SHORT_HANDLE, TOKENS, Fleet, Kind, Login, Node
from tests.waiting import hang_timeout, until

USERS = 2  # of each provider at each hub
LOGINS = 8
SHORT_TOKENS = 3  # seconds: several refreshes within a test
CROSSED = (Kind(has_lab=True, has_latest=False), Kind(has_lab=False, has_latest=True))
REFUSED = 401


def cells() -> list[Any]:
    """Return all pairs of hubs, each with tokens that are never renewed and with short ones. All but two are for the full run."""
    return [
        pytest.param(*pair, seconds, id=f"{pair[0]}+{pair[1]}-{seconds}", marks=[] if pair == CROSSED else pytest.mark.matrix)
        for pair in [CROSSED, *(each for each in itertools.combinations_with_replacement(KINDS, 2) if {*each} != {*CROSSED})]
        for seconds in (300, SHORT_TOKENS)
    ]


@dataclass
class Load:
    """What became of the calls of each login at each hub.

    Attributes:
        statuses: All that came, by user and hub.
        strangers: Calls that were made with a token of somebody else.
        calls: How many were made.
    """

    statuses: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    strangers: list[str] = field(default_factory=list)
    calls: int = 0

    def note(self, fleet: Fleet, login: Login, node: Node, status: int, body: Any) -> None:
        """Note the answer to a call."""
        self.calls += 1
        self.statuses[login.user, node.hub.url].add(status)
        if status == 200 and (owner := fleet.owner(body["token"])) != login.user:
            self.strangers.append(f"{login.user} called as {owner}")


@asynccontextmanager
async def loaded(fleet: Fleet, logins: list[Login]) -> AsyncIterator[Load]:
    """Call the API without a pause until the end of the block: each login at each hub, over HTTP and over a channel."""
    load, enough = Load(), asyncio.Event()

    async def over_http(login: Login, node: Node) -> None:
        while not enough.is_set():
            answer = await login.at(node).fetch("/api/x")
            load.note(fleet, login, node, answer.status, answer.json())

    async def over_channel(login: Login, node: Node) -> None:
        try:
            channel = await Channel.open(login.at(node))
            while not enough.is_set():
                answer = await channel.request("GET", "/api/x")
                load.note(fleet, login, node, answer.status, answer.body)
            await channel.close()
        except ChannelClosedError as closed:
            assert closed.code == CloseCode.LOG_IN
            load.note(fleet, login, node, REFUSED, None)

    async with asyncio.TaskGroup() as group:
        for login, node in itertools.product(logins, fleet.nodes):
            group.create_task(over_http(login, node))
            group.create_task(over_channel(login, node))
        try:
            yield load
        finally:
            enough.set()


async def status_at(login: Login, node: Node) -> int:
    """Return the status of one call at a hub."""
    return (await login.at(node).fetch("/api/x")).status


async def revoked(fleet: Fleet, times: dict[str, int]) -> None:
    """Wait until so many logins of each provider have been revoked there."""
    async with hang_timeout():
        for name, provider in fleet.providers.items():
            await provider.answered("/revoke", TOKENS * times[name])


async def log_out(fleet: Fleet, victim: Login) -> None:
    """Log out at the hub that did not log in; where that one cannot do it, nothing has happened, and the other one can."""
    first = fleet.other(victim.node)
    answer = await victim.at(first).fetch("/hub/logout", method="POST")
    assert answer.status == (200 if victim.is_readable_at(first) else 503)
    if answer.status == 503:
        assert await status_at(victim, victim.node) == 200
        assert (await victim.at(victim.node).fetch("/hub/logout", method="POST")).status == 200


async def end_by_operator(fleet: Fleet, victim: Login) -> None:
    """End a session by its short handle at the hub that did not log in; where it names a key that it lacks, at the other one."""
    first, handle = fleet.other(victim.node), victim.handle[:SHORT_HANDLE]
    status, text = await first.end(handle)
    assert status == (204 if victim.is_readable_at(first) else 404)
    if status == 404:
        assert fleet.latest in json.loads(text)["detail"]
        assert await status_at(victim, victim.node) == 200
        assert (await victim.node.end(handle))[0] == 204


async def events(hub: Hub, name: str, count: int) -> list[dict[str, Any]]:
    """Return the log events of a name, once there are so many."""
    await until(lambda: len(hub.events(name)) >= count, pause_seconds=0.05)
    return hub.events(name)


async def require_reports(fleet: Fleet, node: Node) -> None:
    """Check that operators are told what a hub lacks: in its log, and by the doctor."""
    other = fleet.other(node)
    lacks_key = other.kind.has_latest and not node.kind.has_latest
    lacks_lab = other.kind.has_lab and not node.kind.has_lab
    keys, lab = await events(node.hub, "record.key_not_held", lacks_key), fleet.providers["lab"].issuer
    assert {event["key"] for event in keys} == ({fleet.latest} if lacks_key else set())
    is_seen = lacks_lab and not lacks_key  # else its sessions cannot be read
    unknown = await events(node.hub, "session.provider_unknown", is_seen)
    assert {event["issuer"] for event in unknown} <= ({lab} if lacks_lab else set())

    found = [each for each in await examine_redis(fleet.redis.url, 5.0) if each.check == "nodes"]
    said = "\n".join(each.message for each in found if each.about.endswith(f":{node.hub.port}") and each.level == "failure")
    assert (f"lacks the session key {fleet.latest}" in said, f"lacks the provider lab ({lab})" in said) == (lacks_key, lacks_lab)


@pytest.mark.parametrize(("first", "second", "token_seconds"), cells())
async def test_matrix(tmp_path: Path, first: Kind, second: Kind, token_seconds: int) -> None:
    """Under load: nobody is served as somebody else, no session is lost, and who can end or revoke one does it."""
    async with Fleet.start(tmp_path, first, second) as fleet:
        for provider in fleet.providers.values():
            provider.token_members["expires_in"] = token_seconds

        async def of_each_kind(times: int) -> list[Login]:
            each = [(node, name) for node in fleet.nodes for name in node.kind.providers] * times
            return [await fleet.log_in(node, name) for node, name in each]

        logins, victims, deposed = await of_each_kind(USERS), await of_each_kind(1), await of_each_kind(1)
        async with loaded(fleet, logins) as load:
            await asyncio.gather(*(log_out(fleet, each) for each in victims))
            await asyncio.gather(*(end_by_operator(fleet, each) for each in deposed))
            ended = victims + deposed
            await revoked(fleet, {name: sum(each.provider == name for each in ended) for name in PROVIDERS})
            seen = load.calls
            await until(lambda: load.calls > seen + 10 * len(logins), pause_seconds=0.01)

        assert load.strangers == []
        for login, node in itertools.product(logins, fleet.nodes):
            expected = {200} if login.is_served_at(node) else {REFUSED}
            came = load.statuses[login.user, node.hub.url]
            if token_seconds == SHORT_TOKENS and not node.kind.has_latest:  # the other hub may renew it, with its own key
                assert came <= {200, REFUSED}
            else:
                assert came == expected, (login.user, str(login.node.kind), str(node.kind))
        assert {await status_at(login, login.node) for login in logins if login.node.kind.has_latest} <= {200}
        statuses = [{await status_at(login, node) for node in fleet.nodes} for login in logins]
        assert all(200 in each for each in statuses), "each session goes on at a hub that can serve it"
        assert 200 not in {await status_at(login, node) for login in ended for node in fleet.nodes}
        for node in fleet.nodes:
            await require_reports(fleet, node)
            assert node.hub.events("request.crashed") + node.hub.events("task.failed") == []


async def test_neither_takes_the_others_work(tmp_path: Path) -> None:
    """Each session of the second provider is revoked there, although the other hub looks for work every second, too."""
    async with Fleet.start(tmp_path, NEW, OLD) as fleet:
        new = fleet.nodes[0]
        logins = [await fleet.log_in(new, "lab") for _ in range(LOGINS)]
        for login in logins:
            assert (await new.end(login.handle))[0] == 204

        await revoked(fleet, {"main": 0, "lab": LOGINS})


async def test_logout_elsewhere(tmp_path: Path) -> None:
    """A logout everywhere, and one at the provider, at a hub that lacks the key of a session: told, and done by the other hub."""
    async with Fleet.start(tmp_path, NEW, OLD) as fleet:
        new, old = fleet.nodes
        main = fleet.providers["main"]
        main.users = itertools.repeat("alice")
        here, elsewhere = await fleet.log_in(old, "main"), await fleet.log_in(new, "main")
        refused = await here.at(old).fetch("/hub/logout?everywhere=1", method="POST")
        lives = [await status_at(here, old), await status_at(elsewhere, new)]
        token = main.logout_token(sub="alice", sid="session-of-alice")
        by_provider = [await logout_by_provider(node, token) for node in (old, new)]

        assert (refused.status, lives) == (503, [200, 200])
        assert by_provider == [503, 200]
        assert [await status_at(here, old), await status_at(elsewhere, new)] == [REFUSED, REFUSED]


async def logout_by_provider(node: Node, token: str) -> int:
    """Send a logout token as the provider does (OpenID Connect Back-Channel Logout 1.0 section 2.5); return the status."""
    url = f"{node.hub.url}/hub/backchannel-logout"
    async with aiohttp.ClientSession() as http, http.post(url, data={"logout_token": token}) as answer:
        return answer.status
