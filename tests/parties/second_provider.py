"""A second independent OpenID Provider (PyPI django-oauth-toolkit on Django), run as a process of its own."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.parties.browser import Answer, Browser
from tests.parties.openid_provider import CLIENT_SECRET, USERS
from tests.waiting import hang_timeout

FOLDER = Path(__file__).with_name("django-oauth-toolkit")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that the provider answered.

    Attributes:
        route: Its name at the provider: `discovery`, `authorize`, `token`, `revoke-token`, `user-info`, `jwks-info`,
            `rp-initiated-logout`, `login`, `who`, ...
        error: The OAuth error code, if there was one.
        grant_type: Of token requests.
        members: What a token response consisted of.
    """

    route: str
    method: str
    status: int
    error: str | None = None
    grant_type: str | None = None
    members: tuple[str, ...] = ()


@dataclass(slots=True)
class DjangoProvider:
    """One provider process, which is also the API: `/api/who` answers a bad token with 401, `/bare/who` with 403.

    Attributes:
        django: The version of Django.
        users: Passwords by user name. Subjects are numbers: "1" is alice, "2" is bob.
    """

    issuer: str
    django: str
    _process: asyncio.subprocess.Process
    client_id: str = "hub"
    client_secret: str = CLIENT_SECRET
    users: dict[str, str] = field(default_factory=lambda: dict(USERS))

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        redirect_uri: str,
        *,
        post_logout_redirect_uri: str,
        access_token_seconds: int = 3600,
        rotate_refresh_token: bool = True,
        grace_period_seconds: int = 0,
        announces_revocation: bool = True,
    ) -> AsyncIterator[Self]:
        """Run a provider until the end of the block.

        Parameters:
            grace_period_seconds: How long a refresh token that was used may be used again; after that, using one ends all.
            announces_revocation: Whether the discovery document names the revocation endpoint, which it does not by itself.
        """
        given = {
            "redirect_uri": redirect_uri,
            "post_logout_redirect_uri": post_logout_redirect_uri,
            "access_token_seconds": access_token_seconds,
            "rotate_refresh_token": rotate_refresh_token,
            "grace_period_seconds": grace_period_seconds,
            "announces_revocation": announces_revocation,
            "client_id": "hub",
            "client_secret": CLIENT_SECRET,
            "users": USERS,
        }
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-B", "provider.py", cwd=FOLDER, stdin=pipe, stdout=pipe, stderr=pipe
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(given).encode() + b"\n")
        try:
            ready = await _ready(process)
            yield cls(ready["issuer"], ready["django"], process)
        finally:
            process.stdin.close()  # at which it ends
            await process.communicate()

    @property
    def url(self) -> str:
        """The site that the provider is a part of."""
        return self.issuer.removesuffix("/o")

    async def log_in(self, browser: Browser, user: str = "alice", *, return_to: str = "/here") -> Answer:
        """Go through Django's login page, if it shows up, and the toolkit's consent page; return where it ends."""
        page = await browser.open(f"/hub/login?return_to={return_to}")
        if 'name="password"' in page.text:
            page = await browser.submit(page, {"username": user, "password": self.users[user]})
        return await browser.submit(page, {}, button="allow")

    async def entries(self, route: str | None = None, grant_type: str | None = None) -> list[Entry]:
        """Return what happened so far, in order; of one route or grant type, if asked for."""
        entries = [Entry(**{**item, "members": tuple(item["members"])}) for item in (await self._journal())["entries"]]
        return [
            entry for entry in entries if route in (None, entry.route) and (grant_type is None or entry.grant_type == grant_type)
        ]

    async def issued(self) -> list[tuple[str, str]]:
        """Return kind and value of every token, code and verifier that was issued or received so far."""
        return [(kind, value) for kind, value in (await self._journal())["issued"]]

    async def api_status(self, access_token: str) -> int:
        """Return with which status the API answers to this token, asked without the hub."""
        return await self._fetch_status("GET", f"{self.url}/api/who", headers={"Authorization": f"Bearer {access_token}"})

    async def token_status(self, form: dict[str, str]) -> int:
        """Return with which status the token endpoint answers to this form of the client, sent without the hub."""
        return await self._fetch_status("POST", f"{self.issuer}/token/", data={**form, **self._credentials})

    async def revoke(self, refresh_token: str) -> None:
        """Revoke a refresh token without the hub, and with it the access token."""
        form = {"token": refresh_token, "token_type_hint": "refresh_token", **self._credentials}
        assert await self._fetch_status("POST", f"{self.issuer}/revoke_token/", data=form) == 200

    @property
    def _credentials(self) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    async def _fetch_status(self, method: str, url: str, **more: Any) -> int:
        async with aiohttp.ClientSession() as http, http.request(method, url, **more) as answer:
            return answer.status

    async def _journal(self) -> Any:
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/journal") as answer:
            return await answer.json()


async def _ready(process: asyncio.subprocess.Process) -> dict[str, str]:
    """Read lines until the provider says where it listens."""
    assert process.stdout is not None and process.stderr is not None
    async with hang_timeout():
        while line := await process.stdout.readline():
            if line.startswith(b"{"):
                ready: dict[str, str] = json.loads(line)
                return ready
    raise AssertionError((await process.stderr.read()).decode())
