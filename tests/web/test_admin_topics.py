"""`POST /topics/<topic>` of the admin listener: back ends publish, and nobody else does."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from hub.config.settings import ProviderSettings, PublisherSettings, TopicSettings
from hub.primitives.secret import Secret
from tests.parties.audit import Audit
from tests.web.conftest import BuildHouse, House

TOKEN = "the-laboratory-secret-of-48-characters-012345678"
EVENT = {"name": "result", "data": {"id": 7}, "to": {"subject": "alice"}}


@pytest.fixture
async def laboratory(build_house: BuildHouse) -> AsyncIterator[House]:
    """A house with topics of a laboratory, which it alone may publish to, and one topic of somebody else."""
    publishers = [PublisherSettings(name="laboratory", token=Secret(TOKEN), topics=["lab/*"])]
    async with build_house(publishers=publishers, topics=[TopicSettings(name="lab/*"), TopicSettings(name="news")]) as house:
        yield house


LIMITS: dict[str, float] = {"events_per_second": 0.5, "bytes_per_second": 40.0, "max_topics": 2}


async def publish(house: House, topic: str, body: object = EVENT, authorization: str = f"Bearer {TOKEN}") -> tuple[int, Any, str]:
    """Publish; return status and JSON of the response, and what it asks to show."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": authorization} if authorization else {}
    url = f"http://localhost:{house.admin_port}/topics/{topic}"
    async with aiohttp.ClientSession() as http, http.post(url, data=data, headers=headers) as response:
        return response.status, await response.json(content_type=None), response.headers.get("WWW-Authenticate", "")


async def test_publish(laboratory: House) -> None:
    """The event is in the history of its topic, as it came; the response names its position."""
    status, answer, _ = await publish(laboratory, "lab/results")
    (event,), _ = await laboratory.services.topics.store.read("lab/results", "0-0")

    assert (status, answer) == (201, {"id": event.position})
    assert (event.publication.name, bytes(event.publication.data)) == ("result", b'{"id": 7}')
    assert event.publication.to.subject == "alice"


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"])
async def test_without_the_secret(laboratory: House, caplog: pytest.LogCaptureFixture, authorization: str) -> None:
    """Nothing is published, and the audit notes the attempt."""
    audit = Audit(caplog)
    status, _, shown = await publish(laboratory, "lab/results", authorization=authorization)
    (event,) = audit.take()

    assert (status, shown) == (401, 'Bearer realm="hub topics"')
    assert (event["event"], event["topic"], event.get("publisher")) == ("audit.publisher_refused", "lab/results", None)


async def test_topic_of_somebody_else(laboratory: House, caplog: pytest.LogCaptureFixture) -> None:
    """A publisher publishes to its own topics only."""
    audit = Audit(caplog)
    status, _, shown = await publish(laboratory, "news")
    (event,) = audit.take()

    assert (status, shown) == (403, "")
    assert (event["outcome"], event["publisher"], event["address"]) == ("failure", "laboratory", "127.0.0.1")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", {}, {"name": ""}, {"name": "x", "more": 1}, {"name": "x", "to": {"sub": "a"}}, b"[" * 5000]
)
async def test_what_is_no_event(laboratory: House, body: object) -> None:
    """A mistake is named; nothing is published to more people than was meant because a word was misspelled."""
    status, answer, _ = await publish(laboratory, "lab/results", body)

    assert (status, answer["type"]) == (400, "urn:hub:problem:bad-request")


@pytest.mark.parametrize(
    ("body", "byte"),
    [
        (b'{"name":"r","data":{"name":"M\xfcller"}}', "byte 29 (0xfc)"),
        (b'{"name":"r","data":"\xed\xa0\x80"}', "byte 20 (0xed)"),
        (b'{"name":"M\xfcller","data":1}', "byte 10 (0xfc)"),
    ],
)
async def test_invalid_utf8(laboratory: House, body: bytes, byte: str) -> None:
    """Data that is not UTF-8 would end the WebSocket of every subscriber. It is rejected, and its place is named."""
    status, answer, _ = await publish(laboratory, "lab/results", body)
    events, _ = await laboratory.services.topics.store.read("lab/results", "0-0")

    assert (status, events) == (400, [])
    assert f"{byte} is not UTF-8" in answer["detail"]


async def test_largest_event(laboratory: House) -> None:
    """As large as a message of the channel may be, and not larger."""
    largest = laboratory.services.settings.channel.inline
    bodies = [{"name": "x", "data": "x" * (size - 2)} for size in (largest, largest + 1)]

    assert [(await publish(laboratory, "lab/results", body))[0] for body in bodies] == [201, 413]


@pytest.mark.parametrize("to", [None, {}, {"subject": ""}, {"subject": None}, {"scope": "lab", "subject": ""}])
async def test_empty_recipient(laboratory: House, to: object) -> None:
    """A variable that was not set at the back end reaches nobody, and not everybody."""
    status, answer, _ = await publish(laboratory, "lab/results", {"name": "result", "to": to})
    events, _ = await laboratory.services.topics.store.read("lab/results", "0-0")

    assert (status, events) == (400, [])
    assert "is empty. Give it a value." in answer["detail"]


@pytest.mark.parametrize(("limit", "passing"), [("events_per_second", 5), ("bytes_per_second", 4), ("max_topics", 2)])
async def test_limits(build_house: BuildHouse, limit: str, passing: int) -> None:
    """Beyond a limit of its settings, a publisher gets 429 and the time to wait; another publisher goes on."""
    settings: dict[str, Any] = {limit: LIMITS[limit]}
    publishers = [
        PublisherSettings(name="laboratory", token=Secret(TOKEN), topics=["*"], **settings),
        PublisherSettings(name="ward", token=Secret(TOKEN[::-1]), topics=["*"]),
    ]
    async with build_house(publishers=publishers, topics=[TopicSettings(name="*")]) as house, aiohttp.ClientSession() as http:

        async def send(topic: str, token: str) -> tuple[int, str]:
            url, data = f"http://localhost:{house.admin_port}/topics/{topic}", json.dumps({"name": "x", "data": "y" * 60})
            async with http.post(url, data=data, headers={"Authorization": f"Bearer {token}"}) as response:
                return response.status, response.headers.get("Retry-After", "")

        answers = [await send(f"lab/{number}", TOKEN) for number in range(passing + 1)]
        other = await send("lab/9", TOKEN[::-1])

    assert [status for status, _ in answers] == [*[201] * passing, 429]
    assert int(answers[-1][1]) > 0
    assert other == (201, "")


@pytest.mark.expects_log  # nobody is at the address of the second provider
@pytest.mark.parametrize("to", [{"subject": "alice"}, {"scope": "lab"}])
async def test_recipient_of_several_issuers(build_house: BuildHouse, to: dict[str, str]) -> None:
    """Where users of several issuers may subscribe, a subject or scope without issuer is an error that says what to add."""
    publishers = [PublisherSettings(name="laboratory", token=Secret(TOKEN), topics=["*"])]
    lab = ProviderSettings(name="lab", issuer="http://127.0.0.1:9", client_id="hub", client_secret=Secret("s3cret"))
    topics = [TopicSettings(name="all/*", allowed_providers=["*"]), TopicSettings(name="lab/*", allowed_providers=["lab"])]
    async with build_house(publishers=publishers, topics=topics, providers=[lab]) as house:
        status, answer, _ = await publish(house, "all/7", {"name": "result", "to": to})
        named = [
            await publish(house, topic, {"name": "result", "to": each})
            for topic, each in (("all/7", to | {"issuer": lab.issuer}), ("lab/7", to))
        ]
        stored = [await house.services.topics.store.read(topic, "0-0") for topic in ("all/7", "lab/7")]

    assert (status, answer["type"]) == (400, "urn:hub:problem:bad-request")
    assert answer["detail"].startswith(f"to.{next(iter(to))}: users of several issuers may subscribe. Add to.issuer: ")
    assert [status for status, *_ in named] == [201, 201]
    assert [event.publication.to.issuer for events, _ in stored for event in events] == [lab.issuer, lab.issuer]


async def test_misspelled_issuer(laboratory: House) -> None:
    """An issuer that no provider has reaches nobody: it is an error that names the issuers that there are."""
    known = laboratory.services.settings.provider.issuer
    to = {"subject": "alice", "issuer": f"{known}/"}
    status, answer, _ = await publish(laboratory, "lab/results", {"name": "result", "to": to})
    events, _ = await laboratory.services.topics.store.read("lab/results", "0-0")

    assert (status, events) == (400, [])
    assert answer["detail"].endswith(f"Known: {known}.")


async def test_nobody_may_publish(house: House) -> None:
    """Without publishers in the settings there is no such address, whatever is shown."""
    assert (await publish(house, "lab/results"))[0] == 404
    assert (await publish(house, "lab/results", authorization=""))[0] == 404
