"""The rules of the dispatch, each through each door: the table of docs/architecture.md, cell by cell.

Every test is one rule and runs once per door. A rule that does not apply to a door says why, here and in the table.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
import websockets
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from websockets.asyncio.client import connect

from hub.config.settings import LimitSettings, RouteSettings
from tests.parties.audit import Audit
from tests.parties.browser import Browser
from tests.parties.channel import Channel, ChannelClosedError
from tests.parties.clock import ManualClock
from tests.parties.hostile_provider import HostileProvider
from tests.parties.redis_server import RedisServer
from tests.parties.two_way_api import TwoWayApi
from tests.web.conftest import BuildHouse, House
from tests.web.conftest import build_house as build_house
from tests.web.conftest import root as root

DoorName = Literal["http", "channel", "websocket"]
EACH_DOOR = pytest.mark.parametrize("door", ["http", "channel", "websocket"])
HTTP_AND_CHANNEL = pytest.mark.parametrize("door", ["http", "channel"])
STEP_UP = 'Bearer error="insufficient_user_authentication", max_age="60", acr_values="mfa"'
SERVED = "served"


@dataclass
class World:
    """A hub with an API behind it, and a browser that reaches it through one door."""

    house: House
    api: TwoWayApi
    browser: Browser
    door: DoorName
    channel: Channel | None = None

    async def call(self, name: str = "api", *, key: str | None = None, identity: str | None = None, tail: str = "/x") -> str:
        """Send a request, or open a WebSocket, on a route; return `SERVED` or the problem, with its login URL behind it."""
        if self.door == "http":
            return await self._call_http(f"/{name}{tail}", key, identity)
        if self.door == "channel":
            return await self._call_channel(f"/{name}{tail}", key, identity)
        return await self._open_websocket(f"/{name}-live{tail}")

    async def _call_http(self, path: str, key: str | None, identity: str | None) -> str:
        own = {"X-Hub-CSRF": "1", "X-Hub-Key": key, "X-Hub-Identity": identity}
        headers = {name: value for name, value in own.items() if value is not None}
        answer = await self.browser.fetch(path, method="POST" if key else "GET", headers=headers)
        return SERVED if answer.status == 200 else _problem(answer.json())

    async def _call_channel(self, path: str, key: str | None, identity: str | None) -> str:
        try:
            if self.channel is None or identity is not None:
                self.channel = await Channel.open(self.browser, hello={} if identity is None else {"identity": identity})
            members = {} if key is None else {"key": key}
            answer = await self.channel.request("POST" if key else "GET", path, **members)
        except ChannelClosedError as closed:
            return {4401: "not-authenticated", 4409: "identity-changed"}[closed.code]
        return SERVED if answer.problem is None else _problem(answer.problem)

    async def _open_websocket(self, path: str) -> str:
        headers = self.browser.channel_headers()
        origin = websockets.Origin(headers.pop("Origin"))
        url = self.browser.hub_url.replace("http", "ws", 1) + path
        async with connect(url, origin=origin, additional_headers=headers, compression=None, proxy=None) as socket:
            try:
                await socket.send("hello")
                return SERVED if await socket.recv() == "hello" else "garbled"
            except websockets.ConnectionClosed:
                return socket.close_reason or str(socket.close_code)


def _problem(problem: dict[str, Any]) -> str:
    slug = problem["type"].rpartition(":")[2]
    return f"{slug} {problem['login_url']}" if slug in ("step-up-required", "provider-not-allowed") else slug


def routes_to(api: TwoWayApi) -> list[RouteSettings]:
    """The same routes for requests and for WebSockets."""
    kinds: dict[str, dict[str, Any]] = {
        "api": {},
        "open": {"token": "none"},
        "ward": {"max_age_seconds": 60},
        "locked": {"methods": ["DELETE"]},
        "partners": {"allowed_providers": ["partners"]},
    }
    return [
        RouteSettings(**{"prefix": f"/{name}{suffix}", "target": api.url, "websocket": bool(suffix), **options})
        for name, options in kinds.items()
        for suffix in ("", "-live")
    ]


@pytest.fixture
def build_world(build_house: BuildHouse) -> Any:
    """Build a world; options go to the house."""

    @asynccontextmanager
    async def build(door: DoorName, *, logged_in: bool = True, **options: Any) -> AsyncIterator[World]:
        async with (
            TwoWayApi.start() as api,
            build_house(options.pop("prepare", None), routes=routes_to(api), **options) as house,
            house.browser(logged_in=logged_in) as browser,
        ):
            world = World(house, api, browser, door)
            yield world
            if world.channel is not None:
                await world.channel.close()

    return build


def counted(world: World) -> dict[str, float]:
    """Return how often each outcome of requests of this door was counted."""
    metrics = world.house.services.metrics
    metrics.tally.flush()
    samples = [sample for family in metrics.requests.collect() for sample in family.samples]
    return {
        sample.labels["status"]: sample.value
        for sample in samples
        if sample.name == "hub_requests_total" and sample.labels["transport"] == world.door and sample.value
    }


@EACH_DOOR
async def test_route(build_world: Any, door: DoorName) -> None:
    """A path without a route, and one that can be read in two ways, reach no API."""
    async with build_world(door) as world:
        if door == "channel":  # the other doors stand at the paths of their routes only
            assert await world.call("elsewhere") == "route-not-found"
        assert await world.call(tail="/%252e%252e/x") == "invalid-path"
        assert world.api.seen == []


@EACH_DOOR
async def test_session_missing(build_world: Any, door: DoorName) -> None:
    """A route for users is closed to a browser without a session."""
    async with build_world(door, logged_in=False) as world:
        assert await world.call() == "not-authenticated"
        assert world.api.seen == []


@EACH_DOOR
async def test_session_ended(build_world: Any, door: DoorName) -> None:
    """A logout holds for the next request, and the API does not see it."""
    async with build_world(door) as world:
        assert await world.call() == SERVED
        await world.browser.fetch("/hub/logout", method="POST")

        assert await world.call() in ("not-authenticated", "session-ended")
        assert len(world.api.seen) == 1


@EACH_DOOR
@pytest.mark.expects_log
async def test_outage_of_the_store(build_world: Any, door: DoorName, clock: ManualClock) -> None:
    """A session that Redis confirmed goes on for a minute while Redis is down, through every door; then it is 503."""
    with RedisServer.start() as redis:
        async with build_world(door, redis_url=redis.url) as world:
            assert await world.call() == SERVED
            await clock.advance(2.0)  # no cache answers any more
            redis.kill()

            found = []
            for _ in range(4):
                found.append(await world.call())
                await clock.advance(20.0)  # within the heartbeat of a channel
            assert found == [SERVED, SERVED, SERVED, "store-unavailable"]
            redis.run()


@HTTP_AND_CHANNEL
async def test_identity(build_world: Any, door: DoorName) -> None:
    """A page that was loaded for another user is refused. At an upgrade a page cannot say for whom: it sends no headers."""
    async with build_world(door) as world:
        assert await world.call(identity="of somebody else") == "identity-changed"
        assert world.api.seen == []


@EACH_DOOR
async def test_provider_that_is_not_allowed(build_world: Any, door: DoorName, caplog: pytest.LogCaptureFixture) -> None:
    """A session of another provider gets no further: it is audited, counts in no limit, takes no key, and no token leaves."""
    audit = Audit(caplog)
    async with build_world(door, limits=LimitSettings(requests_per_session=0.1)) as world:
        key = None if door == "websocket" else secrets.token_hex(16)

        assert [await world.call("partners", key=key) for _ in range(3)] == ["provider-not-allowed /hub/login"] * 3
        refused = [event for event in audit.take() if event["event"] == "audit.request_refused"]
        assert [event["reason"] for event in refused] == ["provider-not-allowed"] * 3
        assert world.api.seen == []
        assert await world.call(key=key) == SERVED


@EACH_DOOR
async def test_rate_limit_of_a_session(build_world: Any, door: DoorName) -> None:
    """Requests and upgrades of a session count alike."""
    async with build_world(door, limits=LimitSettings(requests_per_session=0.1)) as world:
        assert [await world.call() for _ in range(2)] == [SERVED, "too-many-requests"]
        assert len(world.api.seen) == 1


@pytest.mark.parametrize("door", ["http", "websocket"])
async def test_rate_limit_of_an_address(build_world: Any, door: DoorName) -> None:
    """Without a login the address counts. A channel always has a session, which counts instead."""
    async with build_world(door, logged_in=False, limits=LimitSettings(requests_per_address=0.1)) as world:
        assert [await world.call("open") for _ in range(2)] == [SERVED, "too-many-requests"]


@HTTP_AND_CHANNEL
async def test_idempotency(build_world: Any, door: DoorName) -> None:
    """A key is executed once. An upgrade has none: a WebSocket cannot be given to its page a second time."""
    async with build_world(door) as world:
        key = secrets.token_hex(16)
        assert [await world.call(key=key) for _ in range(2)] == [SERVED, SERVED]
        assert len(world.api.seen) == 1


@HTTP_AND_CHANNEL
async def test_stored_response_by_the_login_of_now(build_world: Any, door: DoorName, clock: ManualClock) -> None:
    """A repetition gets the stored response only if a new request would pass: its route, its method, the age of the login."""
    async with build_world(door) as world:
        key = secrets.token_hex(16)
        assert await world.call("ward", key=key) == SERVED
        for _ in range(4):
            await clock.advance(20.0)
            await world.call()

        assert await world.call("ward", key=key) == "step-up-required /hub/login?max_age=60"
        assert await world.call("ward", key=secrets.token_hex(16)) == "step-up-required /hub/login?max_age=60"


async def test_joined_response_by_the_login_of_now(build_world: Any, clock: ManualClock) -> None:
    """A channel that resumes names the key alone. Its response is judged as that of the request that it belongs to."""
    async with build_world("channel") as world:
        key = secrets.token_hex(16)
        assert await world.call("ward", key=key) == SERVED
        for _ in range(4):
            await clock.advance(20.0)
            await world.call()
        resumed = await Channel.connect(world.browser)
        expected = resumed.expect(1)
        csrf = world.browser.cookie("XSRF-TOKEN")
        await resumed.send({"type": "hello", "csrf": csrf, "resume": {"pending": [[1, key]]}})
        answer = await expected
        await resumed.close()

        assert answer.problem is not None
        assert _problem(answer.problem) == "step-up-required /hub/login?max_age=60"


@HTTP_AND_CHANNEL
async def test_idempotency_header(build_world: Any, door: DoorName) -> None:
    """The header `X-Hub-Key` works through both doors, whatever the route makes of `Idempotency-Key`."""
    async with build_world(door) as world:
        key = secrets.token_hex(16)
        for _ in range(2):
            if door == "http":
                await world.call(key=key)
            else:
                world.channel = world.channel or await Channel.open(world.browser)
                await world.channel.request("POST", "/api/x", headers={"x-hub-key": key})
        assert len(world.api.seen) == 1


@EACH_DOOR
async def test_method(build_world: Any, door: DoorName) -> None:
    """A route takes the methods of its settings; an upgrade is a GET."""
    async with build_world(door) as world:
        assert await world.call("locked") == "method-not-allowed"
        assert world.api.seen == []


@EACH_DOOR
async def test_step_up_of_a_route(build_world: Any, door: DoorName, clock: ManualClock) -> None:
    """A login that is too old for the route asks for step-up, with the URL of the login."""
    async with build_world(door) as world:
        assert await world.call("ward") == SERVED
        for _ in range(4):
            await clock.advance(20.0)
            await world.call()

        assert await world.call("ward") == "step-up-required /hub/login?max_age=60"


@EACH_DOOR
async def test_token(build_world: Any, door: DoorName) -> None:
    """The token of the user goes to the API, and nothing goes to a route without one."""
    async with build_world(door) as world:
        assert [await world.call(), await world.call("open")] == [SERVED, SERVED]
        assert [text.partition(" ")[0] for text in world.api.credentials] == ["Bearer", ""]


@EACH_DOOR
async def test_step_up_of_the_api(build_world: Any, door: DoorName) -> None:
    """A 401 that asks for step-up (RFC 9470) is no reason to spend a refresh token: the page learns where to log in."""
    async with build_world(door) as world:
        world.api.refuse(401, WWW_Authenticate=STEP_UP)

        assert await world.call() == "step-up-required /hub/login?max_age=60&acr_values=mfa"
        assert (len(world.api.seen), world.house.provider.calls("/token")) == (1, 1)


@EACH_DOOR
async def test_renewal_after_a_401(build_world: Any, door: DoorName) -> None:
    """A token that the API rejects is replaced once, and the request repeated."""
    async with build_world(door) as world:
        world.api.refuse(401, WWW_Authenticate='Bearer error="invalid_token"')

        assert await world.call() == SERVED
        first, second = world.api.credentials
        assert first != second
        assert world.house.provider.calls("/token") == 2


@EACH_DOOR
async def test_dpop_nonce(build_world: Any, door: DoorName, tmp_path: Path) -> None:
    """An API that asks for a nonce in the DPoP proof (RFC 9449 section 9) gets it, with the same token."""
    file = tmp_path / "dpop.pem"
    file.write_bytes(generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def issue_bound_tokens(provider: HostileProvider) -> None:
        provider.token_members["token_type"] = "DPoP"
        provider.metadata["dpop_signing_alg_values_supported"] = ["ES256"]

    options = {"prepare": issue_bound_tokens, "provider_settings": {"dpop_key_file": str(file)}}
    async with build_world(door, **options) as world:
        world.api.refuse(401, WWW_Authenticate='DPoP error="use_dpop_nonce"', DPoP_Nonce="n1")

        assert await world.call() == SERVED
        assert len(set(world.api.credentials)) == 1
        assert len({headers["dpop"] for headers in world.api.seen}) == 2
        assert world.house.provider.calls("/token") == 1


@HTTP_AND_CHANNEL
async def test_requests_to_a_route_of_websockets(build_world: Any, door: DoorName) -> None:
    """A route takes requests or WebSockets, never both; the HTTP door answers 426 itself."""
    async with build_world(door) as world:
        if door == "http":
            assert (await world.browser.fetch("/api-live/x")).status in (403, 426)
        else:
            assert await world.call("api-live") == "route-not-found"
        assert world.api.seen == []


async def test_upgrade_that_the_api_refuses(build_world: Any) -> None:
    """No WebSocket is an error of the API, whatever status it says; HTTP and channel relay a status instead."""
    async with build_world("websocket") as world:
        world.api.refuse(403)

        assert await world.call() == "resource-server-broken"


@EACH_DOOR
async def test_outcomes_are_counted_once(build_world: Any, door: DoorName, caplog: pytest.LogCaptureFixture) -> None:
    """Each request is counted once by its outcome, whatever refused it: a route, a session, its provider, its key."""
    async with build_world(door) as world:
        assert await world.call() == SERVED
        await world.call("partners")
        await world.call("api", tail="/%2e%2e/secret")
        expected = {"101" if door == "websocket" else "200": 1, "provider-not-allowed": 1, "invalid-path": 1}
        if door != "websocket":
            await world.call("locked")
            expected["method-not-allowed"] = 1
        if door == "http":  # a channel closes because of such a key
            await world.call(key="short")
            expected["bad-request"] = 1
        assert counted(world) == expected


@HTTP_AND_CHANNEL
async def test_repetitions_are_counted(build_world: Any, door: DoorName) -> None:
    """A stored response is an outcome as well."""
    async with build_world(door) as world:
        key = secrets.token_hex(16)
        for _ in range(3):
            await world.call(key=key)
        assert counted(world) == {"200": 3}


async def test_missing_proof_and_session_are_counted(build_world: Any) -> None:
    """Requests that never reach a session are outcomes, too."""
    async with build_world("http", logged_in=False) as world:
        await world.browser.fetch("/api/x", headers={})
        await world.call()
        assert counted(world) == {"request-refused": 1, "not-authenticated": 1}


@EACH_DOOR
@pytest.mark.expects_log
async def test_an_outage_is_counted(build_world: Any, door: DoorName, clock: ManualClock) -> None:
    """503 while Redis is down is in the metric that the alarm looks at."""
    with RedisServer.start() as redis:
        async with build_world(door, redis_url=redis.url) as world:
            assert await world.call() == SERVED
            before = counted(world)
            redis.kill()
            for _ in range(5):
                await clock.advance(20.0)
                await world.call()
            assert counted(world).get("store-unavailable", 0) - before.get("store-unavailable", 0) >= 1
            redis.run()
