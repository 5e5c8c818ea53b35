"""The Python client against a real hub: bodies both ways, cancellation, refusals, and life after a broken line."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.channel.messages import EventMessage
from hub_client import ChannelClient, ChannelRefused, IncompleteResponse, RequestFailed
from tests.parties.counting_api import PATTERN
from tests.scenarios.chaos import Cluster, cluster
from tests.scenarios.test_topics_story import ENVIRONMENT, publish
from tests.waiting import HANG_SECONDS, until

pytestmark = pytest.mark.timing_sensitive

MIB = 1 << 20


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Cluster]:
    """Two nodes and what stands round them."""
    async with cluster(tmp_path) as running:
        yield running


@pytest.fixture
async def client(running: Cluster) -> AsyncIterator[ChannelClient]:
    """A client that is logged in."""
    async with ChannelClient(running.url, running.logins[0]) as client:
        yield client


class TestBodies:
    """Requests and answers of all sizes."""

    async def test_small_ones(self, client: ChannelClient) -> None:
        """JSON goes and comes in one message; the hub says where the time went."""
        answer = await client.request("POST", "/api/work/7", json={"n": 1})

        assert (answer.status, await answer.json()) == (201, {"number": 7})
        assert set(answer.timing) == {"queue", "upstream"}

    async def test_large_answer_at_the_pace_of_its_reader(self, running: Cluster, client: ChannelClient) -> None:
        """Until it is read the resource server is not asked for more than the window and what is on its way."""
        answer = await client.request("GET", f"/api/bytes/{64 * MIB}")
        first = await anext(answer.body)
        assert running.api.sent < 16 * MIB
        rest = await answer.read()

        assert len(first) + len(rest) == 64 * MIB
        assert (first + rest[: len(PATTERN)])[: len(PATTERN)] == PATTERN

    async def test_two_answers_at_once(self, client: ChannelClient) -> None:
        """One that nobody reads does not hold up the other, nor small requests."""
        unread = await client.request("GET", f"/api/bytes/{8 * MIB}", window=65536)
        other = await client.request("GET", f"/api/bytes/{4 * MIB}")

        assert len(await other.read()) == 4 * MIB
        assert (await client.request("GET", "/api/work/1")).status == 201
        assert len(await unread.read()) == 8 * MIB

    async def test_upload_and_progress(self, client: ChannelClient) -> None:
        """The resource server gets all of it; progress grows to the end of it."""
        seen: list[int] = []
        answer = await client.request("POST", "/api/sink", upload=PATTERN * 80, on_progress=seen.append)

        assert (await answer.json())["bytes"] == len(PATTERN) * 80
        assert seen == sorted(seen)
        assert (len(seen) > 20, seen[-1]) == (True, len(PATTERN) * 80)

    @pytest.mark.parametrize("length", [-1, 3 * len(PATTERN)])
    async def test_upload_from_an_iterator(self, client: ChannelClient, length: int) -> None:
        """What is not in memory as a whole streams, its length known or not."""

        async def parts() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield PATTERN

        answer = await client.request("POST", "/api/sink", upload=parts(), length=length)

        assert (await answer.json())["bytes"] == 3 * len(PATTERN)

    async def test_empty_upload(self, client: ChannelClient) -> None:
        """No bytes at all are a body too."""
        answer = await client.request("POST", "/api/sink", upload=b"")

        assert await answer.json() == {"bytes": 0}

    async def test_upload_arrives_as_it_is_sent(self, running: Cluster, client: ChannelClient) -> None:
        """The resource server has the first byte before the last one was made."""
        arrived = asyncio.Event()

        async def parts() -> AsyncIterator[bytes]:
            yield PATTERN
            await arrived.wait()
            yield PATTERN

        request = asyncio.create_task(client.request("POST", "/api/sink", upload=parts()))
        await running.api.until(lambda: running.api.taken == len(PATTERN))
        arrived.set()

        assert (await (await request).json())["bytes"] == 2 * len(PATTERN)

    async def test_broken_iterator(self, running: Cluster, client: ChannelClient) -> None:
        """What the caller's own iterator raises comes back to the caller, and the upload ends."""

        async def parts() -> AsyncIterator[bytes]:
            yield PATTERN
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await client.request("POST", "/api/sink", upload=parts())
        assert (await client.request("GET", "/api/work/1")).status == 201

    async def test_event_stream(self, running: Cluster, client: ChannelClient) -> None:
        """An endless answer brings each event as it happens, and ends upstream when nobody wants it any more."""
        request = asyncio.create_task(client.request("GET", "/api/events"))
        await running.api.until(lambda: running.api.under_way == 1)
        running.api.emitted.put_nowait("one")
        answer = await request
        assert await anext(answer.body) == b"data: one\n\n"
        running.api.emitted.put_nowait("two")
        assert await anext(answer.body) == b"data: two\n\n"


class TestEnds:
    """Requests without an answer."""

    async def test_cancelled(self, running: Cluster, client: ChannelClient) -> None:
        """A request that its caller gives up ends at the resource server, with a key or without."""
        for method in ("GET", "POST"):
            request = asyncio.create_task(client.request(method, "/api/wait"))
            await running.api.until(lambda: running.api.under_way == 1)
            request.cancel()
            await running.api.until(lambda: running.api.under_way == 0)

    async def test_problem(self, client: ChannelClient) -> None:
        """What the hub refuses comes as a problem, with the truth about it."""
        with pytest.raises(RequestFailed) as failed:
            await client.request("GET", "/nowhere")

        assert (failed.value.problem["status"], failed.value.processed) == (404, "never")

    async def test_too_slow(self, running: Cluster, client: ChannelClient) -> None:
        """The hub ends what takes longer than its caller has time."""
        with pytest.raises(RequestFailed) as failed:
            await client.request("GET", "/api/wait", timeout_seconds=2.0)

        assert (failed.value.problem["status"], failed.value.processed) == (504, "maybe")
        await running.api.until(lambda: running.api.under_way == 0)

    async def test_logged_out(self, running: Cluster, tmp_path: Path) -> None:
        """A logout says why, ends what is under way, and the client does not dial in vain."""
        events: list[EventMessage] = []
        async with ChannelClient(running.url, running.logins[1], on_event=events.append) as client:
            request = asyncio.create_task(client.request("POST", "/api/wait"))
            await running.api.until(lambda: running.api.under_way == 1)
            key = (await running.nodes[0].admin("/metrics"))[0]
            assert key == 200
            await _log_out(running)
            with pytest.raises(ChannelRefused) as refused:
                await request
            await running.api.until(lambda: running.api.under_way == 0)

            assert (refused.value.code, events[-1].name) == (4401, "ended")
            with pytest.raises(ChannelRefused):
                await client.request("GET", "/api/work/1")


class TestBrokenLine:
    """Sockets break; requests do not."""

    async def test_request_goes_on(self, running: Cluster, client: ChannelClient) -> None:
        """The answer comes over the next socket, to a request that was executed once."""
        running.api.answering.clear()
        requests = [
            asyncio.create_task(client.request("POST", f"/api/work/{number}", timeout_seconds=HANG_SECONDS))
            for number in range(10, 30)
        ]
        await running.api.until(lambda: running.api.under_way == 20)
        running.balancer.cut(len(running.balancer))
        await until(lambda: client.dials == 2)
        running.api.answering.set()
        answers = await asyncio.gather(*requests)

        assert {answer.status for answer in answers} == {201}
        assert any(answer.replayed for answer in answers)
        assert {running.api.executed[number] for number in range(10, 30)} == {1}

    async def test_body_breaks(self, running: Cluster, client: ChannelClient) -> None:
        """A body that has begun cannot go on elsewhere: its reader is told."""
        answer = await client.request("GET", f"/api/bytes/{8 * MIB}")
        running.balancer.cut(len(running.balancer))
        with pytest.raises(IncompleteResponse):
            await answer.read()

    async def test_large_upload_breaks(self, running: Cluster, client: ChannelClient) -> None:
        """Half an upload may have been seen: it is reported so, and not sent again behind its caller's back."""
        half = asyncio.Event()

        async def parts() -> AsyncIterator[bytes]:
            yield PATTERN
            await half.wait()

        request = asyncio.create_task(client.request("POST", "/api/sink", upload=parts()))
        await running.api.until(lambda: running.api.taken > 0)
        running.balancer.cut(len(running.balancer))
        with pytest.raises(RequestFailed) as failed:
            await request

        assert failed.value.processed == "maybe"


async def _log_out(running: Cluster) -> None:
    import aiohttp

    login = running.logins[1]
    headers = {"Cookie": login.cookie, "X-XSRF-TOKEN": login.csrf, "X-Hub-CSRF": "1", "Origin": login.origin}
    async with aiohttp.ClientSession() as http, http.post(f"{running.url}/hub/logout", headers=headers) as answer:
        assert answer.status < 400, await answer.text()


class TestTopics:
    """Events survive the line as requests do."""

    async def test_events_go_on(self, tmp_path: Path) -> None:
        """What is published while the line is down comes with the next one, once and in order."""
        async with cluster(tmp_path, **ENVIRONMENT) as running:
            events: asyncio.Queue[EventMessage] = asyncio.Queue()
            async with ChannelClient(running.url, running.logins[0], on_event=events.put_nowait) as client:
                await client.subscribe("ward-7")
                for number in range(20):
                    await publish(running.nodes[number % 2], "ward-7", {"name": "changed", "data": number})
                    if number % 5 == 2:
                        running.balancer.cut(len(running.balancer))
                got = [await events.get() for _ in range(20)]

                assert [event.data for event in got] == list(range(20))
                assert client.dials > 1

    async def test_unknown_topic(self, client: ChannelClient) -> None:
        """A topic that does not exist is refused as a request would be."""
        with pytest.raises(RequestFailed) as failed:
            await client.subscribe("kitchen")

        assert failed.value.problem["status"] == 404
