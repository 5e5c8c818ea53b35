"""What growth and storms stand on: sessions without a login, callers in turn, and what is made of the figures."""

import asyncio
import dataclasses
import time
from pathlib import Path

import pytest

from bench.ground.members import enrol, expiring_tokens, found_sessions, session_store
from bench.ground.processes import Watch
from bench.ground.results import markdown
from bench.ground.stage import growth_of, make_routes
from bench.growth import sessions
from bench.growth.cost import Cost, Part, Point, Series
from bench.growth.table import table
from bench.rounds import TurnsRound
from bench.storm import reconnect
from bench.storm.refresh import Use, judged
from hub.session.cookie import XSRF_COOKIE, Cookies, xsrf_token_matches
from hub.session.keyring import make_key_file
from hub.session.model import Session
from hub.tokens.schedule import scheduled

NOW = 1_800_000_000.0  # an epoch second


def costing(hub_us: float) -> Cost:
    """Return a round of this cost."""
    return Cost(hub_us=hub_us, store_us=1, store_commands=0, rate=1000, p50_ms=1, p99_ms=2, resident_mib=70)


def session(due_at: float, **changes: object) -> Session:
    """Return a session whose token is due then, and lives 30 s longer."""
    tokens = dataclasses.replace(expiring_tokens(1, due_at - 270, due_at + 30, due_at), **changes)  # type: ignore[arg-type]
    return Session(
        key="k", version=1, issuer="i", subject="s", name=None, claims={}, tokens=tokens, created_at=NOW, touched_at=NOW
    )


def refreshed(old: Session, asked_at: float) -> Session:
    """Return the session after its refresh, for which the provider was asked then."""
    new = expiring_tokens(1, asked_at, asked_at + 3600, asked_at + 3000)
    return dataclasses.replace(old, version=old.version + 1, tokens=new)


class TestMembers:
    async def test_the_hub_takes_them_for_logged_in(self, redis_url: str, tmp_path: Path) -> None:
        """Their sessions are found by their cookies, in the names that browsers use, and their CSRF tokens belong to them."""
        make_key_file(tmp_path / "key")
        async with session_store(redis_url, tmp_path / "key") as store:
            members = await enrol(store, "https://iris.example/oauth2", range(3), time.time())
            stored = await found_sessions(store, members)

        assert [one.subject if one else "" for one in stored] == ["user-000000", "user-000001", "user-000002"]
        for member, one in zip(members, stored, strict=True):
            headers = member.http_headers("http://localhost:8080")
            session_id = Cookies.for_transport(secure=False).session_id(headers["Cookie"])
            assert session_id is not None
            assert one is not None
            assert session_id.key == one.key
            assert xsrf_token_matches(session_id, headers["X-XSRF-TOKEN"])
            assert f"{XSRF_COOKIE}={headers['X-XSRF-TOKEN']}" in headers["Cookie"]

    def test_tokens_take_as_much_room_as_real_ones(self) -> None:
        """An access token of the stand-in (RS256) has some 700 characters; memory for each session would else be too small."""
        tokens = scheduled(expiring_tokens(1, NOW, NOW + 300, NOW), 0.0)

        assert 600 < len(tokens.access_token.reveal()) < 900
        assert tokens.due_at == NOW + 270


class TestTurns:
    async def test_everybody_in_turn(self) -> None:
        """With two under way, none of four callers is asked twice before all were asked once."""
        asked: list[int] = []
        current = TurnsRound(requests=8, at_once=2)

        def ask(caller: int) -> None:
            current.ask(lambda started: answer_later(caller, started))

        def answer_later(caller: int, started: float) -> None:
            asked.append(caller)
            asyncio.get_running_loop().call_soon(answer, caller, started)

        def answer(caller: int, started: float) -> None:
            current.answered(started)
            ask(caller)

        for caller in range(4):
            ask(caller)
        await current.finished()

        assert asked == [0, 1, 2, 3, 0, 1, 2, 3]


class TestFigures:
    def test_growth_is_last_by_first(self) -> None:
        """Of medians: a noisy round does not count."""
        series = Series("HTTP", [Point(1, [costing(100), costing(90), costing(500)]), Point(9, [costing(150)])])

        assert series.growth == 1.5
        assert series.as_json()["points"][0]["number"] == 1

    def test_table(self) -> None:
        """A row a number, then what has grown."""
        part = Part("routes", "routes", [Series("HTTP", [Point(1, [costing(100)]), Point(9, [costing(120)])])], {"KiB": 3.0})
        lines = table(part).splitlines()

        assert [line.split()[1:4] for line in lines if line.startswith("| HTTP")] == [["HTTP", "|", "1"], ["HTTP", "|", "9"]]
        assert lines[-2:] == ["HTTP: 1.20 times the cost of the smallest number", "KiB: 3"]

    def test_markdown_is_aligned(self) -> None:
        """The first column to the left, numbers to the right."""
        assert markdown(("a", "b"), [("long", "1")]).splitlines() == ["| a    | b |", "|------|--:|", "| long | 1 |"]

    def test_commands_of_the_counting_itself_are_left_out(self) -> None:
        """INFO is what the benchmark asks."""
        assert growth_of({"get": 1, "info": 1}, {"get": 3, "info": 2, "set": 1, "del": 0}) == {"get": 2, "set": 1}

    def test_the_requests_go_to_the_last_route(self) -> None:
        """The others are there to be passed over."""
        assert [route["prefix"] for route in make_routes(3, 1)] == ["/service-000/api", "/service-001/api", "/api"]

    def test_busiest(self) -> None:
        """The largest share of a core over a second, wherever it began."""
        watch = Watch(0, looks=[(0.0, 0.0), (0.5, 0.1), (1.0, 0.2), (1.5, 0.7), (2.0, 1.1), (2.5, 1.2)])

        assert watch.busiest(1.0) == pytest.approx(0.9)


class TestRefreshStorm:
    QUIET = Use(10.0, [1.0, 1.0, 0.1, 0.0], [0.1] * 4, {"hgetall": 100, "evalsha": 10}, [0.005])
    WORK = Use(20.0, [2.5, 2.5, 0.3, 0.4], [0.5, 0.6, 0.1, 0.2], {"hgetall": 210, "evalsha": 40}, [0.005, 0.010])

    def test_what_became_of_each_session(self) -> None:
        """One was refreshed in time, one too late, one twice, and one has ended."""
        before = [session(NOW + number) for number in range(4)]
        twice = dataclasses.replace(refreshed(before[2], NOW + 3), version=3)
        after = [refreshed(before[0], NOW + 1), refreshed(before[1], NOW + 40), twice, None]
        found = judged(before, after, self.QUIET, self.WORK, {"issued": 3}, 4.0, 100, 0)

        assert (found.sessions, found.refreshed_once, found.lost, found.too_late) == (4, 2, 2, 1)
        assert (found.late_p50_seconds, found.late_max_seconds) == (1.0, 39.0)
        assert found.calls_by_second[1] == 1

    def test_what_requests_used_is_taken_off(self) -> None:
        """Both hubs used a second in ten seconds of quiet, and half a second more in twenty: one refresh took that."""
        old = session(NOW)
        found = judged([old], [refreshed(old, NOW + 1)], self.QUIET, self.WORK, {}, 1.0, 100, 0)

        assert found.hub_us == pytest.approx(1e6)
        assert found.provider_us == pytest.approx(4e5)
        assert found.commands == {"hgetall": 10, "evalsha": 20}
        assert (found.hub_busiest, found.store_busiest, found.provider_busiest) == (0.6, 0.1, 0.2)


@pytest.mark.timing_sensitive
class TestSmoke:
    """Real hubs, and so few requests that only correctness can be told."""

    async def test_sessions(self) -> None:
        """Every answer was right, over both doors, for all numbers."""
        part = await sessions.measure(20, 1, (1, 3))

        assert [(series.way, [point.number for point in series.points]) for series in part.series] == [
            ("HTTP", [1, 3]),
            ("channel", [1, 3]),
        ]

    async def test_reconnect(self) -> None:
        """The channels of a node that is killed come back on the other one."""
        found = await reconnect.storm("killed, with jitter", 5, 20, 0.5, 2.0)

        assert (found.ready, found.refused) == (5, 0)
