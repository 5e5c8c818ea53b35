"""Ten thousand sessions whose access tokens expire within a minute, at two hubs with one Redis and a provider.

Every session has to be refreshed once, before its token expires, while its users go on.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import aiohttp

from bench.ground.crowd import open_crowd
from bench.ground.members import enrol, expiring_tokens, found_sessions
from bench.ground.processes import watched
from bench.ground.stage import PREFIX, Stage, command_counts, growth_of, stage
from bench.load_http import HttpLoad
from bench.measure import percentile
from bench.rounds import PacedRound
from hub.session.model import Session, TokenSet
from hub.session.store import DUE
from hub.tokens.schedule import JITTER_SHARE, margin_seconds, scheduled

TOKEN_SECONDS = 300.0  # life of the tokens that expire; the margin before their end is 30 s
NEW_TOKEN_SECONDS = 3600
QUIET_SECONDS = 10.0
LATE_SECONDS = 120.0  # then what is not refreshed counts as lost
PATH = f"{PREFIX}/wait/5/1024.json?page=1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """The result of a storm of refreshes.

    Attributes:
        within_seconds: All tokens expire within so long.
        refreshed_once: Sessions that were written once, which is by their refresh; `lost` have ended, or were not refreshed.
        too_late: Sessions whose token had expired before the refresh began.
        provider_calls: Refresh grants that the provider was asked for, by outcome.
        late_p50_seconds: From the moment when a refresh was due until the provider was asked.
        provider_peak: Calls of the busiest second; `even` is what it would be without any bunching.
        quiet_p99_ms, storm_p99_ms: Latency of requests before, and while tokens were refreshed.
        hub_us, store_us, provider_us: CPU time of a refresh, what requests used taken off.
        hub_busiest: Largest share of a core that one of the hubs used for a second.
        commands: Commands of Redis for each refresh, what requests and looking for work used taken off.
    """

    sessions: int
    within_seconds: float
    refreshed_once: int
    lost: int
    too_late: int
    provider_calls: dict[str, int]
    late_p50_seconds: float
    late_p99_seconds: float
    late_max_seconds: float
    provider_peak: int
    even: float
    rate: int
    quiet_p50_ms: float
    quiet_p99_ms: float
    storm_p50_ms: float
    storm_p99_ms: float
    storm_max_ms: float
    hub_us: float
    store_us: float
    provider_us: float
    hub_busiest: float
    store_busiest: float
    provider_busiest: float
    commands: dict[str, float]
    taken: int
    calls_by_second: list[int]
    due_by_second: list[int]


@dataclass(frozen=True, slots=True)
class Use:
    """The resources that some seconds of work used: CPU seconds of hubs, Redis and provider, and commands of Redis."""

    seconds: float
    cpu: Sequence[float]
    busiest: Sequence[float]
    commands: dict[str, int]
    latencies: Sequence[float]


async def storm(sessions: int, within_seconds: float, rate: int) -> Storm:
    """Let the tokens of so many sessions expire within so long, while `rate` requests a second go on."""
    lead = sessions / 500 + QUIET_SECONDS + 8.0  # to store and read them, and to see how it is without

    def tokens(number: int, _: float) -> TokenSet:
        expires_at = begins_at + within_seconds * random.random()
        return scheduled(expiring_tokens(number, expires_at - TOKEN_SECONDS, expires_at, expires_at), random.random())

    async with stage(nodes=[{}, {}], users=sessions, token_seconds=NEW_TOKEN_SECONDS) as here:
        now = time.time()
        begins_at = now + lead + margin_seconds(TOKEN_SECONDS) * (1 + JITTER_SHARE)
        members = await enrol(here.store, here.issuer, range(sessions), now, tokens, touched_at=now + NEW_TOKEN_SECONDS)
        before = await found_sessions(here.store, members)
        crowd = await open_crowd(here.ports, here.url, PATH, members, 50)
        await crowd.run(PacedRound(rate, 3.0))
        quiet = await _used(here, crowd, rate, QUIET_SECONDS)
        first_due = min(session.tokens.due_at or 0.0 for session in before)
        await asyncio.sleep(max(first_due - time.time() - 1.0, 0.0))
        work = await _used(here, crowd, rate, within_seconds + 10.0)
        await _until_done(here, begins_at + within_seconds)
        crowd.close()
        after = await found_sessions(here.store, members)
        calls = await _provider_calls(here)
        taken = sum([await node.metric("hub_refreshes_total", outcome="taken") for node in here.nodes])
    return judged(before, after, quiet, work, calls, within_seconds, rate, int(taken))


async def _used(here: Stage, crowd: HttpLoad, rate: int, seconds: float) -> Use:
    pids = [*here.pids, here.store_pid, here.provider_pid]
    commands = await command_counts(here.commands)
    async with watched(pids) as watches:
        current = PacedRound(rate, seconds)
        await crowd.run(current)
    grown = growth_of(commands, await command_counts(here.commands))
    return Use(
        current.seconds, [one.cpu_seconds for one in watches], [one.busiest() for one in watches], grown, current.latencies
    )


async def _until_done(here: Stage, last_due: float) -> None:
    """Wait until nothing is due any more."""
    give_up_at = time.time() + LATE_SECONDS
    while await here.commands.zcount(DUE, "-inf", last_due) and time.time() < give_up_at:
        await asyncio.sleep(0.5)


async def _provider_calls(here: Stage) -> dict[str, int]:
    async with aiohttp.ClientSession() as http, http.get(here.issuer.removesuffix("/oauth2") + "/__sim/log") as answer:
        entries = await answer.json()
    found = entries["entries"] if isinstance(entries, dict) else entries
    return dict(Counter(entry["outcome"] for entry in found if entry["grant_type"] == "refresh_token"))


def judged(
    before: Sequence[Session],
    after: Sequence[Session | None],
    quiet: Use,
    work: Use,
    calls: dict[str, int],
    within_seconds: float,
    rate: int,
    taken: int,
) -> Storm:
    """Return what became of the sessions, and what it has cost beyond what went on anyway."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if new is not None and new.version == old.version + 1]
    late = [new.tokens.obtained_at - (old.tokens.due_at or 0.0) for old, new in pairs]
    began = min(old.tokens.due_at or 0.0 for old in before)
    asked = _by_second([new.tokens.obtained_at - began for _, new in pairs])
    *hubs, store, provider = _beyond(quiet, work)
    count = len(pairs) or 1
    return Storm(
        sessions=len(before),
        within_seconds=within_seconds,
        refreshed_once=len(pairs),
        lost=len(before) - len(pairs),
        too_late=sum(new.tokens.obtained_at >= (old.tokens.expires_at or 0.0) for old, new in pairs),
        provider_calls=calls,
        late_p50_seconds=percentile(late, 0.5),
        late_p99_seconds=percentile(late, 0.99),
        late_max_seconds=max(late),
        provider_peak=max(asked),
        even=len(pairs) / len(asked),
        rate=rate,
        quiet_p50_ms=percentile(quiet.latencies, 0.5) * 1e3,
        quiet_p99_ms=percentile(quiet.latencies, 0.99) * 1e3,
        storm_p50_ms=percentile(work.latencies, 0.5) * 1e3,
        storm_p99_ms=percentile(work.latencies, 0.99) * 1e3,
        storm_max_ms=max(work.latencies) * 1e3,
        hub_us=sum(hubs) / count * 1e6,
        store_us=store / count * 1e6,
        provider_us=provider / count * 1e6,
        hub_busiest=max(work.busiest[:-2]),
        store_busiest=work.busiest[-2],
        provider_busiest=work.busiest[-1],
        commands=_commands(quiet, work, count),
        taken=taken,
        calls_by_second=asked,
        due_by_second=_by_second([(old.tokens.due_at or 0.0) - began for old in before]),
    )


def _beyond(quiet: Use, work: Use) -> list[float]:
    """Return the CPU seconds of each process beyond what as long a time without refreshes would have used."""
    return [busy - idle * work.seconds / quiet.seconds for busy, idle in zip(work.cpu, quiet.cpu, strict=True)]


def _commands(quiet: Use, work: Use, count: int) -> dict[str, float]:
    beyond = {
        name: (calls - quiet.commands.get(name, 0) * work.seconds / quiet.seconds) / count
        for name, calls in work.commands.items()
    }
    return {name: round(each, 2) for name, each in beyond.items() if each > 0.05}


def _by_second(instants: Sequence[float]) -> list[int]:
    counts = Counter(int(max(instant, 0.0)) for instant in instants)
    return [counts[second] for second in range(max(counts) + 1)]


def rows(found: Storm) -> list[tuple[str, str]]:
    """Return what was seen as lines of a table."""
    calls = ", ".join(f"{count} {outcome}" for outcome, count in sorted(found.provider_calls.items()))
    commands = ", ".join(f"{name} {each:g}" for name, each in found.commands.items())
    return [
        ("sessions, all tokens expire within", f"{found.sessions}, {found.within_seconds:g} s"),
        ("refreshed exactly once", f"{found.refreshed_once}"),
        ("lost, or refreshed after the token had expired", f"{found.lost}, {found.too_late}"),
        ("calls of the provider", calls),
        ("from due until the provider is asked: p50, p99, longest", _seconds(found)),
        ("calls of the provider in the busiest second; if they were even", f"{found.provider_peak}; {found.even:.0f}"),
        (f"{found.rate} requests a second without refreshes: p50, p99", f"{found.quiet_p50_ms:.1f}, {found.quiet_p99_ms:.1f} ms"),
        (
            "the same with them: p50, p99, longest",
            f"{found.storm_p50_ms:.1f}, {found.storm_p99_ms:.1f}, {found.storm_max_ms:.0f} ms",
        ),
        ("CPU a refresh: hub, Redis, provider", f"{found.hub_us:.0f}, {found.store_us:.0f}, {found.provider_us:.0f} us"),
        (
            "busiest second: one hub, Redis, provider",
            f"{found.hub_busiest:.0%}, {found.store_busiest:.0%}, {found.provider_busiest:.0%} of a core",
        ),
        ("commands of Redis a refresh", f"{sum(found.commands.values()):.1f}: {commands}"),
        ("refreshes that found that the other hub had done it", f"{found.taken}"),
    ]


def _seconds(found: Storm) -> str:
    return f"{found.late_p50_seconds:.2f}, {found.late_p99_seconds:.2f}, {found.late_max_seconds:.2f} s"


def as_json(found: Storm) -> dict[str, object]:
    """Return everything as JSON values."""
    return asdict(found)
