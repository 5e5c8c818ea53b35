"""The pipeline, with the real door to a real server. Only the tokens are scripted."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config.settings import RouteSettings
from hub.errors import (
    BadRequest,
    BodyTooLarge,
    DeadlineExceeded,
    HubError,
    InvalidPath,
    MethodNotAllowed,
    NotAuthenticated,
    ProviderUnavailable,
    ResourceServerBroken,
    RouteNotFound,
    SessionEnded,
    StepUpRequired,
    TokenNotIssued,
)
from hub.gateway.forwarding import ForwardingDependencies
from hub.gateway.message_signer import MessageSigner
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.pipeline import Pipeline
from hub.gateway.resource_server import ResourceServer
from hub.gateway.routes import RouteTable
from hub.gateway.upstream_sessions import UpstreamSessions
from hub.gateway.websocket_door import UpstreamWebSocketClient
from hub.iris.api import IRIS_API
from hub.oidc.grants import TokenTarget
from hub.primitives.clock import SystemClock
from hub.primitives.http import read_body
from hub.primitives.secret import Secret
from hub.session.model import Session
from hub.telemetry.metrics import Metrics
from hub.tokens.demand import TokenDemand
from tests.parties.clock import leap
from tests.parties.resource_server import Exchange, RawResourceServer, answering, echo, head, silent
from tests.session.samples import ISSUERS, make_session
from tests.waiting import HANG_SECONDS, soon, until

SESSION = make_session()


@dataclass
class Tokens:
    """Hands out tokens in turn; an error in their place is raised, and None is waited for without end.

    Attributes:
        ready: A token that nobody has to wait for.
        current: The token that has replaced others already.
        looked: How often it was asked for.
    """

    script: list[str | HubError | None] = field(default_factory=lambda: ["token-1", "token-2", "token-3"])
    rejected: list[Secret] = field(default_factory=list)
    demands: list[TokenDemand] = field(default_factory=list)
    ready: Secret | None = None
    current: Secret | None = None
    looked: int = 0

    def get_nowait(self, session: Session, demand: TokenDemand) -> Secret | None:
        """Return the one that is ready; without one, each is waited for."""
        return self.ready

    async def get(self, session: Session, demand: TokenDemand) -> Secret:
        """Return the next token."""
        assert session.key == SESSION.key
        self.demands.append(demand)
        token = self.script.pop(0)
        if isinstance(token, HubError):
            raise token
        if token is None:
            await asyncio.Event().wait()
        return Secret(token or "")

    async def renew(self, session: Session, demand: TokenDemand, rejected: Secret) -> Secret:
        """Return the next token and note which one was not taken."""
        self.rejected.append(rejected)
        return await self.get(session, demand)

    async def newer(self, session: Session, demand: TokenDemand, rejected: Secret) -> Secret | None:
        """Return the current token, unless it is the rejected one."""
        self.looked += 1
        return None if self.current == rejected else self.current


@dataclass
class Hub:
    """A pipeline with what stands around it."""

    server: RawResourceServer
    tokens: Tokens
    metrics: Metrics
    pipeline: Pipeline
    routes: RouteTable
    dpop_asked: list[str]

    async def handle(self, method: str = "GET", path: str = "/api/x", **options: Any) -> ApiResponse:
        """Send a request of a user who is logged in, unless `session` says otherwise."""
        session = options.pop("session", SESSION)
        request = ApiRequest(method=method, path=path, **options)
        return await self.pipeline.handle(request, self.routes.locate(path), session)

    def figure(self, line: str) -> float:
        """Return a figure of the metrics' exposition."""
        values = [text.split()[-1] for text in self.metrics.exposition().decode().splitlines() if text.startswith(line)]
        return float(values[0]) if values else 0.0


@asynccontextmanager
async def running_hub() -> AsyncIterator[Hub]:
    """Run a hub in front of a server that echoes, with a route for users and a route for everybody."""
    server = await RawResourceServer.start(echo)
    door = ResourceServer()
    await door.start()
    routes = RouteTable(
        [
            RouteSettings(prefix="/api", target=f"{server.url}/csp/clinic", max_body_bytes=100),
            RouteSettings(prefix="/open", target=server.url, token="none", methods=["GET"]),
            RouteSettings(prefix="/lab", target=server.url, token="exchange", audience="lab", scopes=["read"]),
            RouteSettings(prefix="/ward", target=server.url, max_age_seconds=60),
            RouteSettings(prefix="/reports", target=server.url, token="client", audience="reports"),
            RouteSettings(prefix="/socket", target=server.url, websocket=True),
            RouteSettings(prefix="/once", target=server.url, idempotency_header="hub"),
            RouteSettings(prefix="/own", target=server.url, token="client", provider="lab"),
        ],
        IRIS_API,
        ISSUERS,
    )
    tokens, metrics, websockets, dpop_asked = Tokens(), Metrics(), UpstreamWebSocketClient([]), list[str]()
    await websockets.start()
    upstream = cast(UpstreamSessions, None)  # no route of these uses one; see test_upstream_sessions.py
    ways = ForwardingDependencies(
        resource_server=door,
        websockets=websockets,
        sessions=upstream,
        signer=MessageSigner([], SystemClock()),
        dpop_key=dpop_asked.append,  # there is none
        clock=SystemClock(),
    )
    pipeline = Pipeline(tokens, ways, "https://hub.example", SystemClock(), metrics)
    yield Hub(server, tokens, metrics, pipeline, routes, dpop_asked)
    await websockets.close()
    await door.close()
    await server.stop()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """A hub, as `running_hub` runs it."""
    async with running_hub() as running:
        yield running


async def read(response: ApiResponse) -> bytes:
    """Return the whole body of an answer."""
    return await read_body(response.body)


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    """Yield pieces."""
    for piece in pieces:
        yield piece


def accepting(token: str) -> Callable[[Exchange], Any]:
    """Answer 200 to this token and 401, with a challenge and a body, to all others."""

    async def behave(exchange: Exchange) -> None:
        body = await exchange.body()
        if exchange.request.header("Authorization") == f"Bearer {token}":
            await exchange.answer(200, body=body)
        else:
            await exchange.answer(401, ("WWW-Authenticate", "Bearer"), body=b"who?")

    return behave


class TestForwarding:
    async def test_takes_a_request_there_and_the_answer_back(self, hub):
        """The request arrives below the target with the user's token, and the answer comes back."""
        response = await hub.handle(
            "POST",
            "/api/%25CSP.REST.cls",
            query="x=1",
            headers=[("Content-Type", "text/plain"), ("Cookie", "c=1"), ("Authorization", "Basic x")],
            body=b"hello",
            body_bytes=5,
            client_address="192.0.2.7",
        )
        seen = hub.server.requests[0]

        assert (response.status, await read(response)) == (200, b"hello")
        assert (seen.method, seen.target) == ("POST", "/csp/clinic/%25CSP.REST.cls?x=1")
        assert {name: seen.header(name) for name in ("Authorization", "Content-Type", "Cookie", "Via", "X-Forwarded-For")} == {
            "Authorization": "Bearer token-1",
            "Content-Type": "text/plain",
            "Cookie": None,
            "Via": "1.1 hub",
            "X-Forwarded-For": "192.0.2.7",
        }
        assert ("Cache-Control", "no-store") in response.headers

    async def test_an_open_route_gets_no_token(self, hub):
        """A route without tokens is used without one, even by a user."""
        await read(await hub.handle(path="/open/x"))
        await read(await hub.handle(path="/open/x", session=None))

        assert [request.header("Authorization") for request in hub.server.requests] == [None, None]

    async def test_idempotency_key_header(self, hub):
        """`Idempotency-Key` passes to the API, except on a route where it is the hub's own idempotency key."""
        headers = [("Idempotency-Key", '"6f1f7a52-2a5c-4d6e-9c40-0a4f3b1d2e11"'), ("Accept", "*/*")]
        await read(await hub.handle(path="/api/x", headers=headers))
        await read(await hub.handle(path="/once/x", headers=headers))

        assert [request.header("Idempotency-Key") for request in hub.server.requests] == [headers[0][1], None]
        assert [request.header("Accept") for request in hub.server.requests] == ["*/*", "*/*"]

    @pytest.mark.parametrize("status", [302, 400, 403, 404, 500, 503])
    async def test_relays_whatever_the_server_answers(self, hub, status):
        """A status is an answer, and no redirect is followed."""
        hub.server.behaviour = answering(status, ("Location", "/csp/clinic/y"), ("Set-Cookie", "a=1"), body=b"b")
        response = await hub.handle()

        assert (status, b"b", 1) == (response.status, await read(response), len(hub.server.requests))
        assert [field for field in response.headers if field[0] in ("location", "set-cookie")] == [("location", "/api/y")]

    async def test_tells_an_adapter_the_route(self, hub):
        """Before the body is read an adapter learns its limit and the token rule."""
        assert (
            hub.routes.locate("/api/x").route.settings.max_body_bytes,
            hub.routes.locate("/%61pi/x").route.terms[SESSION.provider_key].demand,
        ) == (100, TokenDemand())
        with pytest.raises(InvalidPath):
            hub.routes.locate("/api/../x")


async def test_key_of_the_provider_that_issued_the_token(hub):
    """A DPoP proof is made with the key of the provider of the token: that of the user, or of the hub's own."""
    for path in ("/api/x", "/lab/x", "/own/x", "/open/x"):
        await read(await hub.handle(path=path))

    assert hub.dpop_asked == ["main", "main", "lab"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("error", "method", "path", "session"),
        [
            (InvalidPath, "GET", "/api/%2e%2e/x", SESSION),
            (RouteNotFound, "GET", "/elsewhere", SESSION),
            (MethodNotAllowed, "POST", "/open/x", SESSION),
            (NotAuthenticated, "GET", "/api/x", None),
        ],
    )
    async def test_what_may_not_pass_is_not_sent(self, hub, error, method, path, session):
        """A refused request reaches neither the tokens nor the server."""
        with pytest.raises(error):
            await hub.handle(method, path, session=session)

        assert (len(hub.tokens.script), hub.server.requests) == (3, [])

    @pytest.mark.parametrize("error", [SessionEnded(), ProviderUnavailable()])
    async def test_no_token_no_request(self, hub, error):
        """A user whose token cannot be had gets the reason; the request is never sent without."""
        hub.tokens.script = [error]
        with pytest.raises(type(error)) as caught:
            await hub.handle()

        assert (error, []) == (caught.value, hub.server.requests)

    @pytest.mark.parametrize(
        ("body", "length"), [(bytes(101), 101), (bytes(101), None), (stream(bytes(101)), 101), (stream(), 101)]
    )
    async def test_a_body_that_is_announced_too_large_is_not_sent(self, hub, body, length):
        """The limit of the route counts before anything is sent."""
        with pytest.raises(BodyTooLarge) as caught:
            await hub.handle("POST", body=body, body_bytes=length)

        assert (
            caught.value.extensions["max_body_bytes"],
            caught.value.processed,
            hub.server.requests,
        ) == (100, "never", [])

    async def test_a_body_that_grows_too_large_is_broken_off(self, hub):
        """A stream of unknown length ends at the limit, and the server never gets its end."""
        with pytest.raises(BodyTooLarge) as caught:
            await hub.handle("POST", body=stream(bytes(60), bytes(60)), body_bytes=None)
        await hub.server.idle()

        assert caught.value.processed == "maybe"

    async def test_a_body_may_have_the_size_of_the_limit(self, hub):
        """The limit itself is allowed."""
        response = await hub.handle("POST", body=stream(bytes(60), bytes(40)), body_bytes=None)

        assert bytes(100) == await read(response)


class TestRenewal:
    async def test_a_rejected_token_is_renewed_and_the_request_repeated(self, hub):
        """The browser does not see the 401 of a token that died early."""
        hub.server.behaviour = accepting("token-2")
        response = await hub.handle("POST", body=b"x", body_bytes=1)

        assert (response.status, await read(response)) == (200, b"x")
        assert [Secret("token-1")] == hub.tokens.rejected
        assert hub.figure("hub_renewals_total") == 1

    async def test_a_valid_token_is_used_without_waiting(self, hub):
        """It is sent at once, and when it is refused another one is got in its place."""
        hub.tokens.ready, hub.server.behaviour = Secret("ready"), accepting("ready")
        assert (await hub.handle(timeout_seconds=5.0)).status == 200
        assert hub.tokens.demands == []
        hub.server.behaviour = accepting("token-1")

        assert (await hub.handle()).status == 200
        assert [Secret("ready")] == hub.tokens.rejected

    @pytest.mark.expects_log
    async def test_repeats_once_only(self, hub):
        """A server that takes no token at all gets two requests, and its second 401 is the answer."""
        hub.server.behaviour = accepting("none of these")
        response = await hub.handle()

        assert (response.status, await read(response), len(hub.server.requests)) == (401, b"who?", 2)
        assert [name for name, _ in response.headers if name == "WWW-Authenticate"] == []

    @pytest.mark.expects_log
    @pytest.mark.parametrize("path", ["/api/x", "/lab/x", "/reports/x"])
    async def test_an_api_that_always_answers_401_costs_one_renewal(self, hub, path, caplog):
        """Forty requests, one after another: one renewal. Each gets the 401, which says so if it says nothing else."""
        hub.tokens.script = [f"token-{index}" for index in range(100)]
        hub.server.behaviour = answering(401)
        problems = [json.loads(await read(await hub.handle(path=path))) for _ in range(40)]

        assert (len(hub.tokens.rejected), len(hub.server.requests)) == (1, 41)
        assert {problem["type"] for problem in problems} == {"urn:hub:problem:api-refused"}
        assert {"just renewed" in problem["detail"] for problem in problems} == {True}
        assert [record.msg["route"] for record in caplog.records if "api.renewed_token_refused" in str(record.msg)] == [
            path.removesuffix("/x")
        ]

    @pytest.mark.expects_log
    async def test_an_api_that_refuses_all_requests_of_a_page_at_once(self, hub):
        """Forty requests at the same time, too."""
        hub.tokens.ready = Secret("token-0")
        hub.server.behaviour = answering(401)
        renewing = asyncio.Event()

        async def renew(session: Session, demand: TokenDemand, rejected: Secret) -> Secret:
            hub.tokens.rejected.append(rejected)
            await renewing.wait()
            hub.tokens.ready = hub.tokens.current = Secret("token-1")
            return hub.tokens.ready

        hub.tokens.renew = renew
        calls = [asyncio.create_task(hub.handle()) for _ in range(40)]
        await until(lambda: len(hub.server.requests) == len(hub.tokens.rejected) == 40)
        renewing.set()
        responses = await asyncio.gather(*calls)
        later = [await hub.handle() for _ in range(5)]

        assert {response.status for response in [*responses, *later]} == {401}
        assert set(hub.tokens.rejected) == {Secret("token-0")}  # which they all join

    @pytest.mark.expects_log
    async def test_refused_upgrades_cost_one_renewal(self, hub):
        """A page that dials again and again renews no token each time."""
        hub.tokens.script = [f"token-{index}" for index in range(100)]
        hub.server.behaviour = answering(401)
        for _ in range(10):
            with pytest.raises(ResourceServerBroken):
                await hub.handle(path="/socket/x", subprotocols=[])

        assert len(hub.tokens.rejected) == 1

    @pytest.mark.expects_log
    async def test_the_pause_of_a_route_and_session_is_its_own(self, hub):
        """Another route, or another session, renews at once. A token of the hub itself belongs to no session."""
        hub.tokens.script = [f"token-{index}" for index in range(100)]
        hub.server.behaviour = answering(401)
        for path in ("/api/x", "/lab/x", "/reports/x", "/reports/x", "/api/x"):
            await read(await hub.handle(path=path))

        assert len(hub.tokens.rejected) == 3

    @pytest.mark.expects_log
    async def test_a_token_that_others_renewed_is_taken_in_the_pause(self, hub):
        """The pause forbids to ask the provider, not to use what is there."""
        hub.server.behaviour = answering(401)
        await read(await hub.handle())
        hub.server.behaviour, hub.tokens.current = accepting("other"), Secret("other")
        hub.tokens.script = ["token-3"]

        assert (await hub.handle()).status == 200
        assert len(hub.tokens.rejected) == 1

    async def test_a_body_that_is_gone_is_not_repeated(self, hub):
        """A streamed upload cannot be sent again: the 401 is the answer."""
        hub.server.behaviour = accepting("token-2")
        response = await hub.handle("POST", body=stream(b"x"), body_bytes=1)

        assert (response.status, await read(response), hub.tokens.rejected) == (401, b"who?", [])

    async def test_an_open_route_renews_nothing(self, hub):
        """The 401 of a server that wants no token of ours is its answer."""
        hub.server.behaviour = answering(401)
        response = await hub.handle(path="/open/x")

        assert (response.status, hub.tokens.rejected) == (401, [])

    async def test_a_session_that_ends_at_renewal(self, hub):
        """When the renewal finds that the session is over, the browser is told so."""
        hub.server.behaviour = accepting("token-2")
        hub.tokens.script = ["token-1", SessionEnded(reason="revoked")]
        with pytest.raises(SessionEnded):
            await hub.handle()

        await read(await hub.handle(path="/open/x"))  # the connection of the first answer was given back or closed


def refusing_slowly(pieces: list[bytes], before: int, go_on: asyncio.Event) -> Callable[[Exchange], Any]:
    """Answer 401 to each token: the pieces of the body beyond the first ones once `go_on` is set. Others get "open"."""

    async def behave(exchange: Exchange) -> None:
        if exchange.request.header("Authorization") is None:
            await exchange.answer(200, body=b"open")
            return
        await exchange.write(head(401, ("Content-Length", str(sum(map(len, pieces))))))
        for number, piece in enumerate(pieces):
            if number == before:
                await go_on.wait()
            await exchange.write(piece)

    return behave


async def refuse_slowly(pieces: list[bytes], before: int, failure: HubError | None) -> None:
    """Let an API send a 401 whose body goes on after the renewal has failed; None: there is a pause, and no renewal.

    The caller gets the error, or the whole 401; and the next request gets the response that is its own.
    """
    async with running_hub() as hub:
        go_on = asyncio.Event()
        if failure is None:
            hub.server.behaviour = answering(401)
            await read(await hub.handle())
        hub.tokens.script = ["token", failure or "not asked for"]
        hub.server.behaviour = refusing_slowly(pieces, before, go_on)
        call = asyncio.ensure_future(hub.handle())
        try:
            if failure is None:
                await until(lambda: hub.tokens.looked == 1)
                go_on.set()
                response = await soon(call)
                assert (response.status, await soon(read(response))) == (401, b"".join(pieces))
            else:
                with pytest.raises(type(failure)):
                    await soon(call)
        finally:
            go_on.set()
        opened = [await soon(read(await hub.handle(path="/open/x"))) for _ in range(2)]
        await until(lambda: hub.server.open_connections == 1, pause_seconds=0.001)

    assert opened == [b"open", b"open"]


@pytest.mark.expects_log
@settings(max_examples=60)
@given(
    pieces=st.lists(st.integers(1, 200_000), min_size=1, max_size=4),
    before=st.integers(0, 4),
    failure=st.sampled_from([None, ProviderUnavailable(), SessionEnded(reason="refused"), TokenNotIssued()]),
)
def test_body_that_goes_on_after_a_failed_renewal(pieces: list[int], before: int, failure: HubError | None) -> None:
    """However long it is, wherever it stopped: no caller waits for it, no connection stays, and nothing of it gets elsewhere."""
    asyncio.run(refuse_slowly([bytes([65 + index]) * size for index, size in enumerate(pieces)], before, failure))


class TestDeadline:
    async def test_ends_the_wait_for_a_token(self, hub):
        """Time spent waiting for a token counts, and nothing was sent."""
        hub.tokens.script = [None]
        call = asyncio.create_task(hub.handle(timeout_seconds=HANG_SECONDS))
        await until(lambda: len(hub.tokens.demands) == 1)
        leap(HANG_SECONDS + 1)
        with pytest.raises(DeadlineExceeded) as caught:
            await call

        assert (caught.value.processed, hub.server.requests) == ("never", [])

    async def test_ends_the_wait_for_a_renewal(self, hub):
        """What was answered with a 401 was not processed."""
        hub.server.behaviour = accepting("token-2")
        hub.tokens.script = ["token-1", None]
        call = asyncio.create_task(hub.handle(timeout_seconds=HANG_SECONDS))
        await until(lambda: len(hub.tokens.demands) == 2)
        leap(HANG_SECONDS + 1)
        with pytest.raises(DeadlineExceeded) as caught:
            await call

        assert caught.value.processed == "never"

    async def test_ends_the_wait_for_the_answer(self, hub):
        """After sending, nobody knows what the server did."""
        hub.server.behaviour = silent
        call = asyncio.create_task(hub.handle(timeout_seconds=HANG_SECONDS / 4))  # less than the limit on silence
        await hub.server.asked()
        leap(HANG_SECONDS / 4 + 1)
        with pytest.raises(DeadlineExceeded) as caught:
            await call
        await hub.server.idle()

        assert caught.value.processed == "maybe"

    async def test_time_that_is_over_before_it_begins(self, hub):
        """A request without time left is not sent."""
        with pytest.raises(DeadlineExceeded) as caught:
            await hub.handle(path="/open/x", timeout_seconds=0.0)

        assert (caught.value.processed, hub.server.requests) == ("never", [])


class TestStepUp:
    """RFC 9470: an API that wants a better login gets neither another token nor a repetition."""

    async def test_challenge_becomes_a_problem(self, hub: Hub) -> None:
        """The page learns where to log in again; the request is not repeated."""
        challenge = 'Bearer error="insufficient_user_authentication", acr_values="mfa", max_age="60"'
        hub.server.behaviour = answering(401, ("WWW-Authenticate", challenge), ("Content-Type", "text/plain"), body=b"secret")
        with pytest.raises(StepUpRequired) as caught:
            await hub.handle("POST", body=b"x")

        assert caught.value.problem().as_json()["login_url"] == "/hub/login?max_age=60&acr_values=mfa"
        assert hub.tokens.rejected == []
        assert len(hub.server.requests) == 1

    async def test_route_wants_a_fresh_login(self, hub: Hub) -> None:
        """A route's own rule is checked before anything is sent."""
        with pytest.raises(StepUpRequired):
            await hub.handle(path="/ward/x", session=replace(SESSION, auth_time=0.0))

        assert hub.server.requests == []


class TestDemands:
    """Each route gets the token that it demands."""

    async def test_of_the_route(self, hub: Hub) -> None:
        """Kind, audience and scopes come from the settings, and the same again at the renewal."""
        hub.server.behaviour = accepting("token-2")
        response = await hub.handle(path="/lab/x")

        assert response.status == 200
        assert hub.tokens.demands == [TokenDemand(kind="exchange", target=TokenTarget(audience="lab", scopes=("read",)))] * 2

    async def test_refused_token_fails_the_request(self, hub: Hub) -> None:
        """Decision 6: a token that the provider does not issue is not replaced by another one."""
        hub.tokens.script = [TokenNotIssued(error="invalid_target")]
        with pytest.raises(TokenNotIssued):
            await hub.handle(path="/lab/x")

        assert hub.server.requests == []


FORM = [("Content-Type", "application/x-www-form-urlencoded")]


class TestForms:
    async def test_reserved_field(self, hub):
        """A form that would act on IRIS itself does not leave the hub."""
        with pytest.raises(BadRequest, match="IRISUsername"):
            await hub.handle("POST", "/api/x", headers=FORM, body=b"a=1&IRIS%55sername=x", body_bytes=20)

        assert hub.server.requests == []

    @pytest.mark.parametrize("body_bytes", [None, 25])
    async def test_reserved_field_at_the_end_of_a_stream(self, hub, body_bytes):
        """A form that streams is aborted before the server has its last bytes, whether its length is announced or not."""

        async def stream() -> AsyncIterator[bytes]:
            yield b"a=1&b=2&IRISUser"
            yield b"name=user"

        with pytest.raises(BadRequest, match="IRISUsername"):
            await hub.handle("POST", "/api/x", headers=FORM, body=stream(), body_bytes=body_bytes)

    async def test_honest_form(self, hub):
        """Other forms arrive as they are, also in chunks."""

        async def stream() -> AsyncIterator[bytes]:
            yield b"iris=1&ca"
            yield b"che=2&name=IRISUsername"

        whole = await hub.handle("POST", "/api/x", headers=FORM, body=b"iris=1&b=", body_bytes=9)
        streamed = await hub.handle("POST", "/api/x", headers=FORM, body=stream(), body_bytes=None)

        assert [await read(whole), await read(streamed)] == [b"iris=1&b=", b"iris=1&cache=2&name=IRISUsername"]


@pytest.mark.parametrize(
    ("setting", "chosen", "sent"),
    [
        ({}, "br", "br"),
        ({}, "", None),
        ({"iris_errors": "redacted"}, "gzip, deflate, br, zstd", "gzip, identity"),
        ({"iris_errors": "redacted"}, "br;q=1, gzip;q=0.5", "gzip, identity"),
        ({"iris_errors": "redacted"}, "deflate", "identity"),
        ({"iris_errors": "redacted"}, "br, gzip;q=0", "identity"),
        ({"iris_errors": "redacted"}, "", "identity"),
        ({"preset": "fhir"}, "gzip, br", "identity"),
        ({"preset": "fhir", "iris_errors": "redacted"}, "gzip, br", "identity"),
    ],
)
async def test_the_hub_chooses_the_codings_that_it_reads(hub, setting, chosen, sent):
    """Whoever may choose the coding of an error could choose one that the hub cannot open."""
    hub.routes = RouteTable([RouteSettings(prefix="/api", target=hub.server.url, **setting)], IRIS_API, ISSUERS)
    await read(await hub.handle(path="/api/x", headers=[("Accept-Encoding", chosen)] if chosen else []))

    assert hub.server.requests[0].header("Accept-Encoding") == sent
