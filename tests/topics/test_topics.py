"""Events of topics: each once, in order, to those for whom they are, with what came while they were away."""

import asyncio
import random
import time
import uuid
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.config.settings import TopicSettings
from hub.errors import NotFound, TokenNotIssued
from hub.session.keyring import Keyring
from hub.topics.audience import TopicAudience
from hub.topics.entry import LATE_SECONDS, EntryCodec
from hub.topics.model import START, PublishedEvent
from hub.topics.store import BATCH
from hub.topics.topics import Subscription
from tests.channel.parts import ISSUERS
from tests.parties.redis_server import RedisServer
from tests.topics.conftest import Page, Worker, about, with_scope, worker
from tests.waiting import soon, until

STEPS = ["publish", "leave", "come", "stall", "take", "hush"]
HOSTILE_STEPS = [*STEPS, "add again", "add garbage", "add former", "copy here"]
STREAM = "hub:topic:ward-7"


class TestDelivery:
    """What a subscribed page gets."""

    async def test_on_every_node(self, one: Worker, other: Worker) -> None:
        """What is published on one node comes to the pages of all."""
        pages = [Page(), Page(), Page()]
        for each, page in zip((one, other, other), pages, strict=True):
            await each.subscribe(page)
        for number in range(5):
            await one.publish(number)
        for page in pages:
            await page.has(5)

        assert [page.numbers for page in pages] == [[0, 1, 2, 3, 4]] * 3

    async def test_only_from_now_on(self, one: Worker) -> None:
        """Without a position a page hears of nothing that was before."""
        await one.publish(1)
        page = Page()
        await one.subscribe(page)
        await one.publish(2)
        await page.has(1)

        assert page.numbers == [2]

    async def test_only_of_its_topic(self, one: Worker) -> None:
        """Another topic under the same pattern is another topic."""
        page = Page()
        await one.subscribe(page, "ward-7")
        await one.publish(1, "ward-8")
        await one.publish(2, "ward-7")
        await page.has(1)

        assert page.numbers == [2]

    async def test_after_unsubscribing(self, one: Worker) -> None:
        """Nothing comes any more, and nothing is kept of the topic."""
        page, stays = Page(), Page()
        subscription = await one.subscribe(page)
        staying = await one.subscribe(stays)
        subscription.end()
        await one.publish(1)
        await stays.has(1)
        staying.end()

        assert page.got == []
        assert one.topics._topics == {}


class TestReplay:
    """Pages that were away (a dropped line, another node)."""

    async def test_what_was_missed(self, one: Worker, other: Worker) -> None:
        """A page goes on on another node where it stopped, then hears what is new; nothing twice."""
        first = Page()
        subscription = await one.subscribe(first)
        await one.publish(0)
        await first.has(1)
        subscription.end()
        for number in range(1, 4):
            await one.publish(number)
        again = Page()
        await other.subscribe(again, after=first.got[-1].position)
        await one.publish(4)
        await again.has(4)

        assert (again.numbers, again.gaps) == ([1, 2, 3, 4], 0)

    async def test_more_than_one_read(self, one: Worker) -> None:
        """However much was missed, all of it comes."""
        for number in range(BATCH * 2 + 7):
            await one.publish(number)
        page = Page()
        await one.subscribe(page, after="0-0")
        await page.has(BATCH * 2 + 7)

        assert page.gaps == 0
        assert page.numbers == list(range(BATCH * 2 + 7))

    async def test_history_that_redis_has_lost(self, one: Worker) -> None:
        """A page that comes later hears that something is missing, and then what is new; nobody reads Redis without end."""
        stays, late = Page(), Page()
        await one.subscribe(stays)
        await one.publish(0)
        await stays.has(1)
        await one.redis.delete(STREAM)
        await soon((await one.subscribe(late, after="0-0")).caught_up())
        await one.publish(1)
        await late.has(1)
        await stays.has(2)

        assert (late.numbers, late.gaps) == ([1], 1)
        assert (stays.numbers, stays.gaps) == ([0, 1], 0)

    async def test_nothing_was_missed(self, one: Worker) -> None:
        """A page that has the latest event gets none, and no gap."""
        await one.publish(0)
        position = await one.publish(1)
        page = Page()
        await one.subscribe(page, after=position)
        await one.publish(2)
        await page.has(1)

        assert (page.numbers, page.gaps) == ([2], 0)

    async def test_history_is_too_short(self, one: Worker) -> None:
        """If events are gone for good the page is told, and gets those that are left."""
        page = with_scope(Page(), "alarms")
        first = await one.publish(0, "alarms")
        for number in range(1, 400):  # Redis cuts in steps of a hundred or so
            await one.publish(number, "alarms")
        await one.subscribe(page, "alarms", after=first)
        await page.has(10)
        await asyncio.sleep(0)

        assert page.gaps == 1
        assert page.numbers == list(range(page.numbers[0], 400))
        assert 10 <= len(page.numbers) < 300

    async def test_history_is_gone(self, one: Worker) -> None:
        """A Redis that was emptied cannot say that nothing was lost."""
        page = Page()
        await one.subscribe(page, after="1700-1")

        assert page.gaps == 1

    async def test_connection_to_redis_breaks(self, redis_server: RedisServer, redis_url: str, keyring: Keyring) -> None:
        """News that a worker did not hear of is found when it listens again."""
        async with worker(redis_url, keyring) as deaf, worker(redis_url, keyring) as speaker:
            page = Page()
            await deaf.subscribe(page)
            await speaker.publish(0)
            await page.has(1)
            channels = [client["id"] for client in await speaker.redis.client_list() if client["sub"] == "1"]
            for number in channels:
                await speaker.redis.client_kill_filter(_id=number)
            for number in range(1, 10):
                await speaker.publish(number)
            await page.has(10)

            assert page.numbers == list(range(10))

    test_connection_to_redis_breaks = pytest.mark.expects_log(test_connection_to_redis_breaks)


class TestRecipients:
    """Who may see what: a subject, a session, or everyone with a scope."""

    async def test_each_sees_what_is_for_them(self, one: Worker) -> None:
        """An event that is addressed comes to nobody else, not even from the history."""
        ada, bob = with_scope(Page(), "results"), Page()
        bob.session = replace(bob.session, subject="bob")
        start = await one.publish(0)
        await one.publish(1, subject="bob")
        await one.publish(2, subject=ada.session.subject, issuer=ada.session.issuer)
        await one.publish(3, subject=ada.session.subject, issuer="https://other.example")
        await one.publish(4, session=ada.session.key)
        await one.publish(5, scope="results")
        await one.publish(6, scope="resul")
        await one.publish(7)
        for page in (ada, bob):
            await one.subscribe(page, after=start)
        await ada.has(4)
        await bob.has(2)

        assert (ada.numbers, bob.numbers) == ([2, 4, 5, 7], [1, 7])

    async def test_scope_of_the_topic(self, one: Worker) -> None:
        """Without it nobody subscribes; who loses it while subscribed hears no more."""
        with pytest.raises(TokenNotIssued):
            await one.subscribe(Page(), "alarms")
        page, stays = with_scope(Page(), "openid alarms"), with_scope(Page(), "alarms")
        subscriptions = [await one.subscribe(each, "alarms") for each in (page, stays)]
        await one.publish(1, "alarms")
        await page.has(1)
        with_scope(page, "openid")
        second = await one.publish(2, "alarms")
        await stays.has(2)
        await until(lambda: subscriptions[0].position == second)  # it is judged for this page too

        assert page.numbers == [1]

    def test_each_event_is_judged(self) -> None:
        """What is stored is judged when it is delivered: by the scope of the session then, and by whom it can mean."""
        topic = TopicSettings(name="alarms", allowed_providers=["*"], scope={"main": "alarms", "lab": ""})
        audience = TopicAudience.compile(topic, {**ISSUERS, "lab": "https://lab.example"})
        page = with_scope(Page(), "alarms")
        subscription = Subscription(cast(Any, SimpleNamespace(audience=audience, name="alarms")), page, START)
        events = [
            about(1),
            about(2, subject=page.session.subject),
            about(3, subject=page.session.subject, issuer=ISSUERS["main"]),
        ]

        for number, event in enumerate(events, 1):
            assert subscription.deliver(PublishedEvent(f"{number}-0", event))
        with_scope(page, "openid")
        assert subscription.deliver(PublishedEvent("4-0", about(4)))

        assert page.numbers == [1, 3]
        assert subscription.position == "4-0"

    async def test_unknown_topic(self, one: Worker) -> None:
        """What the settings do not name does not exist."""
        with pytest.raises(NotFound):
            await one.subscribe(Page(), "kitchen")


class TestBounds:
    """Nothing grows without an end."""

    async def test_slow_reader(self, one: Worker) -> None:
        """What a page does not take stays in the history, not in the hub; it gets all of it later, others at once."""
        slow, quick = Page(), Page()
        for page in (slow, quick):
            await one.subscribe(page)
        await one.publish(0)
        await slow.has(1)
        slow.taking.clear()
        for number in range(1, 50):
            await one.publish(number)
        await quick.has(50)
        assert slow.numbers == [0]
        slow.taking.set()
        await slow.has(50)

        assert slow.numbers == list(range(50))

    async def test_history_has_an_end(self, one: Worker) -> None:
        """Streams are cut by number, and go when nobody publishes any more."""
        for number in range(400):
            await one.publish(number, "alarms")

        assert await one.redis.xlen("hub:topic:alarms") < 300
        assert 0 < await one.redis.ttl("hub:topic:alarms") <= 30 * 86400

    async def test_known_events(self, one: Worker) -> None:
        """A worker that begins to read a topic asks for those events only that would not be late if somebody added them again."""
        now = int(time.time() * 1000)
        for age in (86_400_000, int(LATE_SECONDS * 2500), int(LATE_SECONDS * 1500)):
            await one.redis.xadd(STREAM, {"p": b"p" * 50, "at": now - age}, id=f"{now - age}-0")
        await one.publish(1)

        assert len(await one.topics.store.first_positions("ward-7")) == 2
        assert len(await one.topics.store.first_positions("ward-8")) == 0

    async def test_nothing_readable_is_stored(self, one: Worker) -> None:
        """Events hold what only some may see: Redis holds no word of them."""
        await one.publish(123456789)

        assert b"123456789" not in str(await one.redis.xrange("hub:topic:ward-7")).encode()

    @pytest.mark.expects_log
    async def test_event_that_cannot_be_read(self, one: Worker, redis_url: str) -> None:
        """One sealed with a lost key is left out; those after it come."""
        page = Page()
        async with worker(redis_url, Keyring([bytes(32)])) as foreign:
            await one.subscribe(page)
            await foreign.publish(1)
            await one.publish(2)
            await page.has(1)

        assert page.numbers == [2]

    @pytest.mark.expects_log
    async def test_event_that_is_not_utf8(self, one: Worker, keyring: Keyring) -> None:
        """One that an earlier version of the hub accepted stays in the history, and no page gets it: it would end the channel."""
        page = Page()
        sealed, at = keyring.seal(b'{"name":"changed","data":"M\xfcller","to":{}}', "topic:ward-7"), b"%d" % (time.time() * 1000)
        tag = keyring.mac(at + b" " + sealed, "topic:ward-7")
        await one.redis.xadd("hub:topic:ward-7", {"p": sealed, "at": at, "mac": tag})
        await one.publish(2)
        await one.subscribe(page, after="0-0")
        await page.has(1)

        assert page.numbers == [2]


@pytest.mark.expects_log
class TestHostileWriters:
    """Others can write to Redis: what they add to a topic is left out, and the events of publishers come."""

    async def test_added_again(self, one: Worker) -> None:
        """An entry that somebody adds once more has another position, and is the same event."""
        page = Page()
        await one.subscribe(page)
        await one.publish(1)
        await page.has(1)
        ((_, entry),) = await one.redis.xrange(STREAM)
        for _ in range(3):
            await one.redis.xadd(STREAM, entry)
        await one.publish(2)
        await page.has(2)

        assert page.numbers == [1, 2]

    async def test_added_again_for_a_page_elsewhere(self, one: Worker, other: Worker) -> None:
        """A page that has got an event here does not get it again there; one that asks from before it gets it once."""
        page, late = Page(), Page()
        await one.publish(0)
        subscription = await one.subscribe(page, after="0-0")
        await page.has(1)
        subscription.end()
        ((_, entry),) = await one.redis.xrange(STREAM)
        await one.redis.xadd(STREAM, entry)
        await other.subscribe(page, after=page.got[-1].position)
        await other.subscribe(late, after="0-0")
        await one.publish(1)
        await page.has(2)
        await late.has(2)

        assert (page.numbers, late.numbers) == ([0, 1], [0, 1])

    async def test_added_again_to_a_page_that_is_new(self, one: Worker, other: Worker) -> None:
        """An event from before a subscription is no new one."""
        page = Page()
        await one.publish(0)
        await other.subscribe(page)
        ((_, entry),) = await one.redis.xrange(STREAM)
        await one.redis.xadd(STREAM, entry)
        await one.publish(1)
        await page.has(1)

        assert page.numbers == [1]

    @pytest.mark.parametrize("count", [1, BATCH, BATCH * 2 + 1])
    async def test_entries_without_their_field(self, one: Worker, count: int) -> None:
        """They are skipped, however many: for a page that listens, and for one that reads the history."""
        page, late = Page(), Page()
        await one.subscribe(page)
        await one.publish(0)
        await page.has(1)
        for _ in range(count):
            await one.redis.xadd(STREAM, {"x": "y"})
        await one.publish(1)
        await page.has(2)
        await one.subscribe(late, after="0-0")
        await late.has(2)

        assert (page.numbers, late.numbers) == ([0, 1], [0, 1])

    async def test_a_whole_read_of_garbage(self, one: Worker, other: Worker) -> None:
        """What stands behind it comes at once, and not with the next event."""
        page = Page()
        for _ in range(BATCH):
            await one.redis.xadd(STREAM, {"x": "y"})
        await one.publish(1)
        await other.subscribe(page, after="0-0")
        await page.has(1)

        assert page.numbers == [1]

    async def test_upgrade(self, redis_url: str, keyring: Keyring) -> None:
        """During an upgrade that accepts them, events of the former release come, and only once as well."""
        async with worker(redis_url, keyring, accepts_untagged=True) as upgraded:
            page, entry = Page(), {"p": keyring.seal(b'{"name":"changed","data":1,"to":{}}', "topic:ward-7")}
            await upgraded.subscribe(page)
            await upgraded.publish(0)
            await page.has(1)
            for _ in range(3):
                await upgraded.redis.xadd(STREAM, entry)  # type: ignore[arg-type]
            await upgraded.publish(2)
            await page.has(3)

        assert page.numbers == [0, 1, 2]

    async def test_entry_of_another_topic(self, one: Worker) -> None:
        """An event is one of its topic."""
        page = Page()
        await one.subscribe(page)
        await one.publish(1, "ward-8")
        ((_, entry),) = await one.redis.xrange("hub:topic:ward-8")
        await one.redis.xadd(STREAM, entry)
        await one.publish(2)
        await page.has(1)

        assert page.numbers == [2]

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(steps=st.lists(st.sampled_from(HOSTILE_STEPS), max_size=40), seed=st.integers(0, 99))
    def test_between_any_two_steps(self, redis_server: RedisServer, steps: list[str], seed: int) -> None:
        """Whatever somebody adds at any time, a page gets each event once and in order."""
        asyncio.run(_replay(redis_server.url, steps, random.Random(seed)))


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), max_size=40), seed=st.integers(0, 99))
def test_each_event_comes_once_and_in_order(redis_server: RedisServer, steps: list[str], seed: int) -> None:
    """Whatever is published whenever a page comes, goes, stalls or changes its node: it gets all from its start on, once."""
    asyncio.run(_replay(redis_server.url, steps, random.Random(seed)))


async def _replay(url: str, steps: list[str], chance: random.Random) -> None:
    keyring, topic = Keyring([bytes(range(32))]), f"ward-{uuid.uuid4()}"
    async with worker(url, keyring) as one, worker(url, keyring) as other:
        page, count = Page(), 1
        await one.publish(0, topic)
        subscription = await one.subscribe(page, topic, after="0-0")
        for step in steps:
            if step == "publish":
                await chance.choice([one, other]).publish(count, topic)
                count += 1
            elif step == "leave":
                subscription.end()
            elif step == "come":
                subscription.end()
                last = page.got[-1].position if page.got else "0-0"
                subscription = await chance.choice([one, other]).subscribe(page, topic, after=last)
            elif step == "stall":
                page.taking.clear()
            elif step == "take":
                page.taking.set()
            elif step.startswith(("add", "copy")):
                await one.redis.xadd(f"hub:topic:{topic}", await _hostile_entry(one, step, topic, keyring, chance))
            else:
                await asyncio.sleep(0)
        page.taking.set()
        subscription.end()
        await one.subscribe(page, topic, after=page.got[-1].position if page.got else "0-0")
        await page.has(count)

        assert page.numbers == list(range(count))


async def _hostile_entry(one: Worker, step: str, topic: str, keyring: Keyring, chance: random.Random) -> dict[Any, Any]:
    """Return an entry as somebody adds it who can read and write Redis, and has no key."""
    entries = [entry for _, entry in await one.redis.xrange(f"hub:topic:{topic}")]
    if step == "add again":
        return dict(chance.choice(entries))
    if step == "add former":
        return {"p": keyring.seal(b'{"name":"changed","data":99,"to":{}}', f"topic:{topic}")}
    if step == "copy here":
        return EntryCodec(keyring).encode(f"{topic}-x", about(99), time.time())
    entry = dict(chance.choice(entries))
    entry[chance.choice(list(entry))] = chance.randbytes(20)
    return entry
