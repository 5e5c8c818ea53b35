"""`python -m bench.hot_path`: what the hub's own code costs for one plain request, step by step, without sockets.

A browser's `GET` with a user's token, and an answer of 1 KB that is in hand at once. Left out are the listener, the lookup of the
session, and the client of the resource server. CPU time of the fastest of several rounds, in microseconds for each request.
"""

import argparse
import asyncio
import gc
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import cast

from bench.bodies import KB, make_body
from bench.loop import loop_factory
from hub.config.settings import LimitSettings, ProviderSettings, RouteSettings
from hub.errors import HubError
from hub.gateway.forwarding import ForwardingDependencies
from hub.gateway.headers import HeaderRules
from hub.gateway.message_signer import MessageSigner
from hub.gateway.messages import ApiRequest, ApiResponse
from hub.gateway.paths import normalise_path
from hub.gateway.pipeline import Pipeline
from hub.gateway.rate_limits import RateLimits
from hub.gateway.resource_server import ResourceServer
from hub.gateway.routes import Route, RouteTable
from hub.gateway.upstream_sessions import UpstreamSessions
from hub.gateway.websocket_door import UpstreamWebSocketClient
from hub.iris.api import IRIS_API
from hub.oidc.provider import OpenIDProvider
from hub.oidc.providers import Providers
from hub.primitives.clock import SystemClock
from hub.primitives.http import BodyStream, Headers
from hub.primitives.secret import Secret
from hub.session.cookie import Cookies, xsrf_token
from hub.session.model import Session, SessionId, TokenSet
from hub.telemetry import log
from hub.telemetry.access_log import AccessLog
from hub.telemetry.metrics import Metrics
from hub.tokens.access import TokenAccess
from hub.tokens.audience_tokens import AudienceTokens
from hub.tokens.client_tokens import ClientTokens
from hub.tokens.refresher import Refresher
from hub.tokens.route_tokens import RouteTokens
from hub.web import csrf
from hub.web.client_address import TrustedProxies, client_address
from hub.web.hub_headers import IDENTITY_HEADER

BODY = make_body(KB)

ORIGIN = "https://clinic.example"

ISSUER = "https://iris.example/oauth2"
PATH, QUERY = "/api/patients", "page=1"
SESSION_ID = SessionId("m" * 43)
CALLS, ROUNDS = 5000, 7
CALLS_A_TURN = 10  # of the event loop

REQUEST_FIELDS: Headers = [
    ("host", "clinic.example"),
    ("connection", "keep-alive"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"),
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "de-DE,de;q=0.9,en;q=0.8"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("sec-ch-ua", '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"'),
    ("sec-ch-ua-platform", '"Linux"'),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("referer", f"{ORIGIN}/patients?page=1"),
    ("cookie", f"XSRF-TOKEN={xsrf_token(SESSION_ID)}; __Host-Http-hub={SESSION_ID.reveal()}"),
    ("x-xsrf-token", xsrf_token(SESSION_ID)),
]

ANSWER_FIELDS: Headers = [
    ("Date", "Thu, 01 Jan 2026 10:00:00 GMT"),
    ("Server", "Apache"),
    ("Content-Type", "application/json; charset=utf-8"),
    ("Content-Length", str(len(BODY))),
    ("Cache-Control", "no-cache"),
    ("X-Request-Id", "4c1b2a7e-7f9a-4a54-9d0c-0d6a1f6f2b9e"),
]

Step = Callable[[], Awaitable[None]]


class ReadyDoor:
    """A resource server that has its answer in hand."""

    async def send(
        self,
        route: Route,
        url: str,
        *,
        method: str,
        headers: Headers,
        body: bytes | BodyStream = b"",
        body_bytes: int | None = 0,
        timeout_seconds: float | None = None,
        user: str = "",
        network: str = "",
    ) -> ApiResponse:
        """Return the answer."""
        return ApiResponse(status=200, reason="OK", headers=list(ANSWER_FIELDS), body=BODY, body_bytes=len(BODY))


class HotPath:
    """The parts of a hub that a plain request passes, wired as in `hub.services`, and one step for each of them."""

    def __init__(self) -> None:
        clock, self._metrics = SystemClock(), Metrics()
        self._table = RouteTable(
            [
                RouteSettings(prefix="/open", target="http://127.0.0.1:9", token="none"),
                RouteSettings(prefix="/api/admin", target="http://127.0.0.1:9/csp/admin"),
                RouteSettings(prefix="/api", target="http://127.0.0.1:9/csp/clinic"),
            ],
            IRIS_API,
            {"main": ISSUER},
        )
        self._route = self._table.resolve(PATH)
        providers = Providers([OpenIDProvider(ProviderSettings(issuer=ISSUER), clock, lambda state: None)])
        tokens = RouteTokens(  # only what a living token of a user needs
            TokenAccess(cast(Refresher, None), providers, clock),
            cast(AudienceTokens, None),
            cast(ClientTokens, None),
        )
        upstream = cast(UpstreamSessions, None)  # the route keeps no session at the resource server
        ways = ForwardingDependencies(
            resource_server=cast(ResourceServer, ReadyDoor()),
            websockets=cast(UpstreamWebSocketClient, None),
            sessions=upstream,
            signer=MessageSigner([], clock),
            dpop_key=providers.dpop_keys.get,
            clock=clock,
        )
        self._pipeline = Pipeline(tokens, ways, ORIGIN, clock, self._metrics)
        self._cookies = Cookies.for_transport(secure=True)
        self._rates = RateLimits(LimitSettings(requests_per_session=1e9), clock, self._metrics)
        self._session = _session(clock.now())
        self._proxies = TrustedProxies()
        self._rules = HeaderRules()
        self._access_log = AccessLog(clock)
        self._fields = dict(REQUEST_FIELDS)

    @property
    def steps(self) -> dict[str, Step]:
        """Every step by its name; `whole` is all that one request passes, the others are parts of it."""
        return {
            "whole": self._whole,
            "admission": self._admit,
            "pipeline": self._handle,
            "path": self._find_route,
            "header fields": self._relay_fields,
            "metrics": self._count,
            "log line": self._write_line,
        }

    async def _whole(self) -> None:
        await self._admit()
        await self._handle()
        await self._write_line()

    async def _admit(self) -> None:
        """Do what the handler does before the pipeline: proof, session cookie, identity, limits, address."""
        fields = self._fields
        session_id = self._cookies.session_id(fields.get("cookie", ""))
        csrf.require_csrf_token(fields, ORIGIN, session_id)
        self._session.require_identity(fields.get(IDENTITY_HEADER))
        self._rates.request(self._session.key)
        client_address("203.0.113.7", [], self._proxies)

    async def _handle(self) -> None:
        request = ApiRequest(method="GET", path=PATH, query=QUERY, headers=REQUEST_FIELDS, client_address="203.0.113.7")
        await self._pipeline.handle(request, self._table.locate(PATH), self._session)

    async def _find_route(self) -> None:
        path = normalise_path(PATH)
        self._table.resolve(path).target_url(path, QUERY)

    async def _relay_fields(self) -> None:
        token = self._session.tokens.access_token
        self._rules.outbound(REQUEST_FIELDS, route=self._route, token=token, client_address="203.0.113.7")
        self._rules.inbound(ANSWER_FIELDS, status=200, route=self._route, public_origin=ORIGIN)

    async def _count(self) -> None:
        self._metrics.tally.responded("http", 200, 0.0012)

    async def _write_line(self) -> None:
        self._access_log.request("GET", PATH, 200, 0.0012)


async def measure(step: Step, calls: int = CALLS, rounds: int = ROUNDS) -> float:
    """Return the CPU microseconds of one call, in the fastest of the rounds: what disturbs only ever adds."""
    return min([await _round(step, calls) for _ in range(rounds)])


async def _round(step: Step, calls: int) -> float:
    gc.collect()
    started = time.process_time_ns()
    for _ in range(calls // CALLS_A_TURN):
        for _ in range(CALLS_A_TURN):
            await step()
        await asyncio.sleep(0)
    return (time.process_time_ns() - started) / 1000 / calls


def _session(now: float) -> Session:
    tokens = TokenSet(access_token=Secret("x" * 900), obtained_at=now, expires_at=now + 3600.0, due_at=now + 3000.0)
    return Session(
        key=SESSION_ID.key,
        version=1,
        issuer=ISSUER,
        subject="alice",
        name="Alice Example",
        claims={},
        tokens=tokens,
        created_at=now,
        touched_at=now,
    )


async def _main(calls: int, rounds: int) -> None:
    path = HotPath()
    for name, step in path.steps.items():
        try:
            print(f"{name:16}{await measure(step, calls, rounds):8.2f} us", flush=True)
        except HubError as error:
            raise AssertionError(f"{name}: {error.slug}") from error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.hot_path", description="Measure the hub's own code, step by step.")
    parser.add_argument("--calls", type=int, default=CALLS, help="of each step in a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="the fastest counts (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryFile("w", encoding="utf-8") as stream, asyncio.Runner(loop_factory=loop_factory()) as runner:
        log.configure("INFO", "console", stream)
        runner.run(_main(options.calls, options.rounds))
