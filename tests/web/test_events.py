"""Event streams and polls of a whole hub: who may open one, what comes, and when it ends."""

import asyncio
import dataclasses
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.channel.close_codes import CloseCode
from hub.config.settings import TopicSettings
from hub.primitives.tasks import end_tasks
from hub.session.model import SessionId
from hub.topics.model import Publication, Recipient
from tests.parties.browser import Browser
from tests.parties.channel import Channel
from tests.parties.event_stream import EventStream
from tests.waiting import until
from tests.web.conftest import BuildHouse, House

TOPICS = [TopicSettings(name="ward-*"), TopicSettings(name="short-*", history=2), TopicSettings(name="alarms", scope="alarms")]
JSON = "application/json"

pytestmark = pytest.mark.each_listener


@pytest.fixture
async def house(build_house: BuildHouse) -> AsyncIterator[House]:
    """A house with topics."""
    async with build_house(topics=TOPICS) as built:
        yield built


@pytest.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    """A browser whose user has logged in."""
    async with house.browser() as browser:
        yield browser


async def publish(house: House, topic: str, data: Any, **to: str) -> str:
    """Publish as a back end does; return the position."""
    topics = house.services.topics
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return await topics.store.publish(topic, topics.settings_of(topic), Publication("changed", msgspec.Raw(raw), Recipient(**to)))


class TestStream:
    """An event stream that is open."""

    async def test_says_what_a_channel_says(self, house: House, browser: Browser) -> None:
        """`ready`, the position of the subscription, and the events with theirs, in the messages of the channel."""
        async with EventStream(browser, {"ward-7": None}) as stream:
            ready, subscribed = await stream.next(), await stream.next()
            position = await publish(house, "ward-7", {"bed": 4})
            event = await stream.next()

        assert stream.answer.status == 200
        assert (ready["type"], ready["resumed"]) == ("ready", False)
        assert (subscribed["id"], subscribed["status"], subscribed["body"]) == (1, 200, {"after": "0-0"})
        assert event == {
            "type": "event",
            "sequence": 1,
            "topic": "ward-7",
            "name": "changed",
            "data": {"bed": 4},
            "id": position,
        }

    async def test_is_neither_stored_nor_buffered(self, browser: Browser) -> None:
        """Caches keep nothing, and a proxy that buffers by default passes each event on at once."""
        async with EventStream(browser) as stream:
            headers = stream.answer.headers

        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Accel-Buffering"] == "no"

    async def test_goes_on_behind_a_position(self, house: House, browser: Browser) -> None:
        """With `after` all later events come, in order."""
        positions = [await publish(house, "ward-7", number) for number in range(4)]
        async with EventStream(browser, {"ward-7": positions[1]}) as stream:
            events = [await stream.next("event") for _ in range(2)]

        assert [(event["data"], event["id"]) for event in events] == [(2, positions[2]), (3, positions[3])]

    async def test_tells_of_a_gap(self, house: House, browser: Browser) -> None:
        """If the history no longer reaches back to the position, `gap` comes first."""
        first = await publish(house, "short-1", 0)
        for number in range(1, 500):
            await publish(house, "short-1", number)
        async with EventStream(browser, {"short-1": first}) as stream:
            event = await stream.next("event")

        assert (event["name"], "id" in event) == ("gap", False)

    async def test_line_breaks_in_the_data_do_not_break_the_stream(self, house: House, browser: Browser) -> None:
        """A back end may write its JSON over several lines."""
        async with EventStream(browser, {"ward-7": None}) as stream:
            await stream.next("response")
            await publish(house, "ward-7", b'{\r\n "a": [1,\n\r 2]\n}')

            assert (await stream.next("event"))["data"] == {"a": [1, 2]}

    async def test_topics_are_authorized_one_by_one(self, browser: Browser) -> None:
        """A topic that does not exist, or for which the session lacks the scope, is refused; the others work."""
        async with EventStream(browser, {"kitchen": None, "alarms": None, "ward-7": None}) as stream:
            answers = sorted([await stream.next() for _ in range(4)][1:], key=lambda answer: int(answer["id"]))

        assert [answer["type"] for answer in answers] == ["error", "error", "response"]
        assert [answer["problem"]["status"] for answer in answers[:2]] == [404, 403]

    async def test_events_for_others_do_not_come(self, house: House, browser: Browser) -> None:
        """The recipient is checked as on a channel."""
        async with EventStream(browser, {"ward-7": None}) as stream:
            await stream.next("response")
            await publish(house, "ward-7", "for others", subject="somebody else")
            await publish(house, "ward-7", "for all")

            assert (await stream.next("event"))["data"] == "for all"

    async def test_more_topics_than_a_channel_has(self, browser: Browser) -> None:
        """Tabs share a stream, so it has as many subscriptions as their channels would have together."""
        async with EventStream(browser, {f"ward-{number}": None for number in range(100)}) as stream:
            answers = [await stream.next() for _ in range(101)]

        assert {answer["type"] for answer in answers[1:]} == {"response"}

    async def test_heartbeat(self, house: House, browser: Browser) -> None:
        """After silence there is a `ping`, to which nothing has to be answered; the stream lives on."""
        async with EventStream(browser) as stream:
            await stream.next("ready")
            for number in range(1, 5):
                await house.clock.advance(26)
                assert await stream.next() == {"type": "ping", "n": number}

    async def test_does_not_keep_an_idle_session_alive(self, house: House, browser: Browser) -> None:
        """Nobody needs to sit in front of it."""
        async with EventStream(browser) as stream:
            await house.clock.advance(901)
            ended, close = await stream.event("ended"), await stream.next("close")

        assert (ended["name"], ended["data"]["reason"], close["code"]) == ("ended", "idle", 4401)

    async def test_tells_that_the_session_will_end(self, house: House, browser: Browser) -> None:
        """Events of the topic `session` need no subscription."""
        async with EventStream(browser) as stream:
            await house.clock.advance(870)

            assert (await stream.event("expiring"))["data"]["kind"] == "idle"


class TestEnd:
    """How a stream ends."""

    async def test_with_its_session(self, browser: Browser) -> None:
        """The page hears why, and that it has to log in; then the response ends."""
        async with EventStream(browser) as stream:
            await stream.next("ready")
            await browser.fetch("/hub/logout", method="POST")
            ended, close = await stream.next(), await stream.next()

            assert (ended["topic"], ended["name"], ended["data"]["reason"]) == ("session", "ended", "logout")
            assert close == {"type": "close", "code": 4401, "reason": "session ended: logout"}
            assert await stream.ended()

    async def test_with_the_grace_after_another_login(self, house: House, browser: Browser) -> None:
        """The page hears that it has to open another one with the new cookie, and when this one ends."""
        async with EventStream(browser) as stream:
            await stream.next("ready")
            await browser.open("/hub/login")
            changed = await stream.event("changed")
            await house.clock.advance(changed["data"]["reconnect_in_ms"] / 1000 + 1)

            assert (await stream.next("close"))["code"] == 4401

    async def test_when_the_hub_stops(self, house: House, browser: Browser) -> None:
        """A stream has no requests to finish: the page opens another one, on another node, at once."""
        async with EventStream(browser) as stream:
            await stream.next("ready")
            await house.clock.advance_until(house.services.registry.drain(10.0))
            await house.clock.advance(1)

            assert (await stream.next("close"))["code"] == CloseCode.UNAVAILABLE
            assert await stream.ended()
        async with EventStream(browser) as refused:
            assert (refused.answer.status, refused.answer.headers["Retry-After"]) == (503, "5")

    async def test_the_oldest_when_there_are_too_many(self, house: House, browser: Browser) -> None:
        """A stream of a client that has gone without a word does not keep its session from opening another one."""
        async with AsyncExitStack() as open_streams:
            streams = [await open_streams.enter_async_context(EventStream(browser)) for _ in range(4)]
            for stream in streams:
                await stream.next("ready")
            async with EventStream(browser) as newest:
                assert (await newest.next())["type"] == "ready"
                assert (await streams[0].next("close"))["code"] == CloseCode.TOO_MANY_CHANNELS
                assert len(house.services.registry) == 4

    async def test_when_the_client_goes(self, house: House, browser: Browser) -> None:
        """Its place is free again, and its topics are not read on."""
        async with EventStream(browser, {"ward-7": None}) as stream:
            await stream.next("response")
            assert len(house.services.registry) == 1
        await until(lambda: not len(house.services.registry), pause_seconds=0.01)

        assert "ward-7" not in house.services.topics


class TestRefusal:
    """A request that gets neither a stream nor a document."""

    @pytest.mark.parametrize("accept", ["text/event-stream", JSON])
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Origin": ""}, 403),
            ({"Origin": "https://evil.example"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Cookie": ""}, 401),
            ({"Cookie": f"__Host-Http-hub={SessionId.generate().reveal()}"}, 401),
        ],
    )
    async def test_by_headers(self, browser: Browser, accept: str, headers: dict[str, str], status: int) -> None:
        """Another origin, none, another site, no session, an unknown one."""
        async with EventStream(browser, headers=headers, accept=accept) as stream:
            assert stream.answer.status == status
            assert (await stream.answer.json(content_type=None))["status"] == status

    @pytest.mark.parametrize("accept", ["text/event-stream", JSON])
    @pytest.mark.parametrize(
        ("hello", "status", "kind"),
        [
            ({"csrf": "of another session"}, 403, "request-refused"),
            ({"identity": "of another user"}, 409, "identity-changed"),
            ({"resume": {"pending": []}}, 400, "bad-request"),
            ({"csrf": 7}, 400, "bad-request"),
        ],
    )
    async def test_by_hello(self, browser: Browser, accept: str, hello: dict[str, Any], status: int, kind: str) -> None:
        """What closes a channel is the status of a problem here."""
        async with EventStream(browser, hello=hello, accept=accept) as stream:
            problem = await stream.answer.json(content_type=None)

            assert (stream.answer.status, problem["type"]) == (status, f"urn:hub:problem:{kind}")

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "{}",
            "[]",
            '[{"type":"subscribe","id":1,"topic":"ward-7"}]',
            '[{"type":"hello","csrf":"x"},{"type":"hello","csrf":"x"}]',
            '[{"type":"hello","csrf":"x"},{"type":"request","id":1,"method":"GET","path":"/api/x"}]',
            b"[\xff]",
        ],
    )
    async def test_by_body(self, browser: Browser, body: str | bytes) -> None:
        """The body is `hello`, and then subscriptions; in particular it can send no request to an API."""
        async with EventStream(browser, body=body) as stream:
            assert stream.answer.status == 400

    async def test_by_size(self, browser: Browser) -> None:
        """A body larger than a message of a channel is not read."""
        async with EventStream(browser, body=b"[" + b" " * 200_000 + b"]") as stream:
            assert stream.answer.status == 413

    async def test_by_method(self, browser: Browser) -> None:
        """EventSource can send neither a body nor a proof, so GET is of no use."""
        answer = await browser.fetch("/hub/events")

        assert (answer.status, answer.header("Allow")) == (405, "POST")

    @pytest.mark.parametrize("accept", ["text/event-stream", JSON])
    async def test_by_the_old_cookie(self, browser: Browser, house: House, accept: str) -> None:
        """In the grace after another login, the old cookie opens nothing that lasts."""
        async with Browser(house.url) as old:
            old.cookies.update({host: dict(jar) for host, jar in browser.cookies.items()})
            await browser.open("/hub/login")
            async with EventStream(old, accept=accept) as stream:
                problem = await stream.answer.json(content_type=None)

                assert (problem["type"], problem["reason"]) == ("urn:hub:problem:session-ended", "replaced")

    async def test_by_rate(self, house: House, browser: Browser) -> None:
        """Opening streams in a loop is limited as dialing is."""
        rates = house.services.rates
        session_key = SessionId(browser.session_cookie()).key if isinstance(browser.session_cookie(), str) else ""
        for _ in range(50):
            rates.session_dial(session_key)
        async with EventStream(browser) as stream:
            assert stream.answer.status == 429
            assert int(stream.answer.headers["Retry-After"]) >= 1


class TestPoll:
    """The document for a client that reads no stream."""

    async def test_has_what_there_is(self, house: House, browser: Browser) -> None:
        """`ready`, the positions, and all events after them, at once."""
        positions = [await publish(house, "ward-7", number) for number in range(3)]
        async with EventStream(browser, {"ward-7": positions[0], "ward-8": None}, accept=JSON) as poll:
            messages = await poll.messages()

        assert poll.answer.headers["Content-Type"] == JSON
        assert poll.answer.headers["Cache-Control"] == "no-store"
        assert {message["id"]: message["body"]["after"] for message in messages if message["type"] == "response"} == {
            1: positions[0],
            2: "0-0",
        }
        assert [message["id"] for message in messages if message["type"] == "event"] == positions[1:]

    async def test_is_bounded(self, house: House, browser: Browser) -> None:
        """A long history comes in several documents; each event once."""
        for number in range(60):
            await publish(house, "ward-7", [number, "x" * 16_000])
        position, seen, sizes = "0-0", list[int](), list[int]()
        while len(seen) < 60:
            async with EventStream(browser, {"ward-7": position}, accept=JSON) as poll:
                events = [message for message in await poll.messages() if message["type"] == "event"]
                sizes.append(len(events))
            assert events
            seen += [event["data"][0] for event in events]
            position = events[-1]["id"]

        assert seen == list(range(60))
        assert len(sizes) > 1

    async def test_leaves_nothing_behind(self, house: House, browser: Browser) -> None:
        """Neither a channel nor a subscription, however often a client asks."""
        for _ in range(20):
            async with EventStream(browser, {"ward-7": None}, accept=JSON) as poll:
                assert poll.answer.status == 200

        assert (len(house.services.registry), len(house.services.streams)) == (0, 0)
        assert "ward-7" not in house.services.topics

    async def test_ends_with_the_session(self, house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        """A poll that waits for Redis is refused when its session ends."""
        waiting, forever = asyncio.Event(), asyncio.Event()

        async def hang(name: str) -> str:
            waiting.set()
            await forever.wait()
            return "0-0"

        monkeypatch.setattr(house.services.topics.store, "last", hang)
        async with asyncio.TaskGroup() as tasks:
            poll = EventStream(browser, {"ward-7": None}, accept=JSON)
            opening = tasks.create_task(poll.__aenter__())
            await waiting.wait()
            await browser.fetch("/hub/logout", method="POST")
            await opening
        try:
            assert (await poll.answer.json(content_type=None))["type"] == "urn:hub:problem:session-ended"
        finally:
            await poll.__aexit__(None, None, None)

    async def test_gives_up_on_a_slow_store(self, house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        """What came until then is the response; the next poll asks again."""
        forever = asyncio.Event()

        async def hang(name: str) -> str:
            await forever.wait()
            return "0-0"

        monkeypatch.setattr(house.services.topics.store, "last", hang)

        async def polled() -> list[dict[str, Any]]:
            async with EventStream(browser, {"ward-7": None}, accept=JSON) as poll:
                return await poll.messages()

        messages = await house.clock.advance_until(polled())

        assert [message["type"] for message in messages] == ["ready"]


STEPS = ["publish", "channel", "stream", "poll", "leave"]


@dataclasses.dataclass
class Page:
    """A page that listens to one topic, on a channel, on a stream or by polls, and keeps what comes with its position."""

    house: House
    browser: Browser
    topic: str
    position: str = "0-0"
    got: list[int] = dataclasses.field(default_factory=list)
    _open: AsyncExitStack = dataclasses.field(default_factory=AsyncExitStack)
    _reading: asyncio.Task[None] | None = None

    def take(self, message: dict[str, Any]) -> None:
        """Take a message of whatever brings them."""
        if message["type"] == "event" and message["topic"] == self.topic:
            self.got.append(message["data"])
            self.position = message["id"]

    async def leave(self) -> None:
        """Stop to listen."""
        if self._reading is not None:
            await end_tasks([self._reading])
        await self._open.aclose()

    async def stream(self) -> None:
        """Listen on an event stream from now on."""
        await self.leave()
        stream = await self._open.enter_async_context(EventStream(self.browser, {self.topic: self.position}))
        assert stream.answer.status == 200
        self._reading = asyncio.create_task(self._read_stream(stream))

    async def channel(self) -> None:
        """Listen on a channel from now on."""
        await self.leave()
        channel = await Channel.open(self.browser)
        self._open.push_async_callback(channel.close)
        await channel.send({"type": "subscribe", "id": 1, "topic": self.topic, "after": self.position})
        self._reading = asyncio.create_task(self._read_channel(channel))

    async def poll(self) -> None:
        """Ask once."""
        await self.leave()
        async with EventStream(self.browser, {self.topic: self.position}, accept=JSON) as poll:
            for message in await poll.messages():
                self.take(message)

    async def _read_stream(self, stream: EventStream) -> None:
        while True:
            self.take(await stream.next())

    async def _read_channel(self, channel: Channel) -> None:
        while True:
            self.take(await channel.events.get())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(st.sampled_from(STEPS), max_size=25))
def test_a_page_that_moves_gets_each_event_once_and_in_order(
    house: House, browser: Browser, io_loop: Any, steps: list[str]
) -> None:
    """Whenever a page moves between channel, stream and polls, it goes on where it was."""

    async def story() -> None:
        page, count = Page(house, browser, f"ward-{uuid.uuid4()}"), 0
        await house.clock.advance(10)  # else dialing is limited
        for step in steps:
            if step == "publish":
                await publish(house, page.topic, count)
                count += 1
            else:
                await getattr(page, step)()
        await page.poll() if count % 2 else await page.stream()
        await until(lambda: len(page.got) >= count, pause_seconds=0.005)
        await page.leave()

        assert page.got == list(range(count))

    io_loop.run_sync(story)
