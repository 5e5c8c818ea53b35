"""A REST API that trusts an OpenID Provider: it checks JWT access tokens by the provider's keys (RFC 9068), as any would."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import aiohttp
import jwt
import tornado.web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets


@dataclass
class Api:
    """The running API.

    Attributes:
        calls: For each call the moment, the status and the token's `jti`.
    """

    url: str
    issuer: str
    audience: str
    calls: list[tuple[float, int, str]] = field(default_factory=list)
    _keys: jwt.PyJWKSet | None = None

    @classmethod
    @asynccontextmanager
    async def start(cls, issuer: str, audience: str) -> AsyncIterator[Self]:
        """Serve until the end of the block."""
        sockets = bind_sockets(0, "127.0.0.1")
        api = cls(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/rest", issuer, audience)
        server = HTTPServer(tornado.web.Application([(r"/rest/.*", _Handler, {"api": api})], log_function=lambda _: None))
        server.add_sockets(sockets)
        try:
            yield api
        finally:
            server.stop()
            await server.close_all_connections()

    async def check(self, authorization: str) -> dict[str, str]:
        """Return the claims of a Bearer token.

        Raises:
            jwt.InvalidTokenError: It is none, or has expired.
        """
        token = authorization.removeprefix("Bearer ")
        keys = await self._load_keys()
        key_id = jwt.get_unverified_header(token)["kid"]
        claims: dict[str, str] = jwt.decode(token, keys[key_id], algorithms=["RS256"], audience=self.audience, issuer=self.issuer)
        return claims

    async def _load_keys(self) -> jwt.PyJWKSet:
        if self._keys is None:
            async with aiohttp.ClientSession() as http, http.get(f"{self.issuer}/jwks") as answer:
                self._keys = jwt.PyJWKSet.from_dict(await answer.json())
        return self._keys


class _Handler(tornado.web.RequestHandler):
    def initialize(self, api: Api) -> None:
        self.api = api

    async def get(self) -> None:
        token_id = ""
        try:
            claims = await self.api.check(self.request.headers.get("Authorization", ""))
            token_id = claims["jti"]
            self.write({"subject": claims["sub"]})
        except jwt.InvalidTokenError as error:
            self.set_status(401)
            self.set_header("WWW-Authenticate", f'Bearer error="invalid_token", error_description="{error}"')
        self.api.calls.append((time.time(), self.get_status(), token_id))
