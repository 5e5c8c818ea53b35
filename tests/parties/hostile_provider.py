"""An OpenID Provider inside the test, which behaves well until it is told to misbehave.

It logs in at once, without any page: GET /authorize redirects back with a code. What it answers, claims and signs can be
changed through its attributes at any time; a member that is set to None is left out.
"""

import asyncio
import base64
import hashlib
import itertools
import json
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

import tornado.httpserver
import tornado.httputil
import tornado.netutil
import tornado.web

from tests.parties.signing import SigningKey, sign

CLIENT_ID = "hub"
CLIENT_SECRET = "s3cret:of+the/hub %with=every&thing"
SUBJECT = "alice"

FURTHER_GRANTS: dict[str, dict[str, Any]] = {
    "client_credentials": {},
    "urn:ietf:params:oauth:grant-type:token-exchange": {"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"},
}


@dataclass(frozen=True, slots=True)
class CannedAnswer:
    """What a path answers instead of its own answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request as the provider saw it."""

    method: str
    path: str
    headers: dict[str, str]
    arguments: dict[str, str]


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a login is of, and when it was. `session_id` is its `sid`."""

    logged_in_at: float
    subject: str = SUBJECT
    session_id: str = "provider-session"


@dataclass(slots=True)
class HostileProvider:
    """The provider and its levers.

    Attributes:
        metadata: Members of the discovery document that differ.
        claims: ID token claims that differ.
        header: ID token header members that differ.
        token_members: Members of the token response that differ.
        userinfo: Members of the userinfo answer that differ.
        authorization_response: Parameters of the authorization response that differ.
        signing_key: Signs ID tokens; None makes them unsigned (`alg` is `none`).
        published_keys: The key set, as JWKs.
        forge: Last change to the ID token's text, such as breaking its signature.
        answers: Canned answers by path.
        held: Paths that answer only after their event is set.
        requests: All requests so far.
        now: Clock of the time claims and of the `Date` of answers.
        refused_subject_tokens: Access tokens that it does not exchange, as if they were dead.
        users: Who logs in next, each in a session of his own at the provider; None: always the same one.
        owners: Whose each access token is.
    """

    issuer: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    token_members: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    authorization_response: dict[str, Any] = field(default_factory=dict)
    signing_key: SigningKey | None = field(default_factory=lambda: SigningKey.rsa("first"))
    published_keys: list[dict[str, Any]] = field(default_factory=lambda: [SigningKey.rsa("first").public])
    forge: Callable[[str], str] = field(default=lambda token: token)
    answers: dict[str, CannedAnswer] = field(default_factory=dict)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    requests: list[SeenRequest] = field(default_factory=list)
    now: Callable[[], float] = time.time
    refused_subject_tokens: set[str] = field(default_factory=set)
    users: Iterator[str] | None = None
    owners: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, tuple[dict[str, str], Account]] = field(default_factory=dict)
    _refresh_tokens: dict[str, Account] = field(default_factory=dict)
    _count: Iterator[int] = field(default_factory=itertools.count)
    _answered: Counter[str] = field(default_factory=Counter)
    _one_more: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @asynccontextmanager
    async def start(cls, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        """Serve on a free port until the end of the block. `host` is its name in the issuer."""
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        provider = cls(issuer=f"{'https' if tls else 'http'}://{host}:{sockets[0].getsockname()[1]}")
        application = tornado.web.Application([(r".*", _Handler, {"provider": provider})])
        server = tornado.httpserver.HTTPServer(application, ssl_options=tls)
        server.add_sockets(sockets)
        try:
            yield provider
        finally:
            server.stop()
            for event in provider.held.values():
                event.set()
            await server.close_all_connections()

    def hold(self, path: str) -> asyncio.Event:
        """Let requests to `path` wait until the returned event is set."""
        return self.held.setdefault(path, asyncio.Event())

    def rotate_keys(self, key_id: str, *, keep_old: bool = False) -> None:
        """Sign with a new key from now on, and publish it."""
        self.signing_key = SigningKey.rsa(key_id)
        self.published_keys = [*(self.published_keys if keep_old else []), self.signing_key.public]

    def calls(self, path: str) -> int:
        """Return how often `path` was asked for."""
        return Counter(request.path for request in self.requests)[path]

    async def answered(self, path: str, times: int) -> None:
        """Return once `path` was answered that often."""
        while self._answered[path] < times:
            self._one_more.clear()
            await self._one_more.wait()

    async def asked(self, path: str, times: int = 1) -> None:
        """Return once `path` was asked for that often, answered or not."""
        while self.calls(path) < times:
            self._one_more.clear()
            await self._one_more.wait()

    def note(self, request: SeenRequest) -> None:
        """Note that a request has come."""
        self.requests.append(request)
        self._one_more.set()

    def count_answer(self, path: str) -> None:
        """Note that `path` was answered."""
        self._answered[path] += 1
        self._one_more.set()

    def discovery(self) -> dict[str, Any]:
        """Return the discovery document."""
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "end_session_endpoint": f"{self.issuer}/logout",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return _changed(document, self.metadata)

    def id_token(self, *, nonce: str | None, access_token: str, account: Account | None = None) -> str:
        """Make an ID token as the levers stand; without an account for a login of now."""
        now = self.now()
        account = account or Account(now)
        digest = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "sub": account.subject,
            "aud": CLIENT_ID,
            "iat": int(now),
            "exp": int(now) + 3600,
            "auth_time": int(account.logged_in_at),
            "nonce": nonce,
            "sid": account.session_id,
            "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.forge(sign(_changed(claims, self.claims), self.signing_key, self.header))

    def logout_token(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """Make a logout token; header members and claims that are None are left out."""
        now = int(self.now())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": self._secret("logout"),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "sub": SUBJECT,
            "sid": "provider-session",
        }
        return sign(_changed(claims, changes), self.signing_key, {"typ": "logout+jwt", **(header or {})})

    def authorize(self, parameters: dict[str, str]) -> str:
        """Log the person in and return the URL to go back to."""
        code = self._secret("code")
        self._codes[code] = parameters, self._account()
        response = {"code": code, "state": parameters["state"], "iss": self.issuer}
        return f"{parameters['redirect_uri']}?{urlencode(_changed(response, self.authorization_response), doseq=True)}"

    def grant(self) -> dict[str, Any]:
        """Return the members of a token response, as after a login."""
        return self._tokens(None, Account(self.now()))

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a token request."""
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form)
        if form.get("grant_type") in FURTHER_GRANTS:
            if form.get("subject_token") in self.refused_subject_tokens:
                return 400, {"error": "invalid_request"}
            members = {"access_token": self._secret("access"), "token_type": "Bearer", "expires_in": 300}
            return 200, _changed(members | FURTHER_GRANTS[form["grant_type"]], self.token_members)
        request, account = self._codes.pop(form.get("code", ""), (None, Account(0.0)))
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if request is None or request["code_challenge"] != base64.urlsafe_b64encode(challenge).rstrip(b"=").decode():
            return 400, {"error": "invalid_grant"}
        return 200, self._tokens(request.get("nonce"), account)

    def _refresh(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        account = self._refresh_tokens.pop(form.get("refresh_token", ""), None)
        if account is None:
            return 400, {"error": "invalid_grant"}
        return 200, self._tokens(None, account)

    def _account(self) -> Account:
        """Return who logs in now."""
        if self.users is None:
            return Account(self.now())
        user = next(self.users)
        return Account(self.now(), user, f"session-of-{user}")

    def _tokens(self, nonce: str | None, account: Account) -> dict[str, Any]:
        access_token, refresh_token = self._secret("access"), self._secret("refresh")
        self._refresh_tokens[refresh_token] = account
        self.owners[access_token] = account.subject
        members = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "refresh_token": refresh_token,
            "id_token": self.id_token(nonce=nonce, access_token=access_token, account=account),
            "scope": "openid profile",
        }
        return _changed(members, self.token_members)

    def _secret(self, kind: str) -> str:
        return f"{kind}-{next(self._count)}-of-the-hostile-provider-at-{self.issuer.rpartition(':')[2]}"


def _changed(original: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**original, **changes}.items() if value is not None}


class _Handler(tornado.web.RequestHandler):
    """Hands every request to the provider."""

    def initialize(self, provider: HostileProvider) -> None:
        self.provider = provider

    def prepare(self) -> None:
        self.set_header("Date", tornado.httputil.format_timestamp(self.provider.now()))

    async def get(self) -> None:
        await self._serve()

    async def post(self) -> None:
        await self._serve()

    def on_finish(self) -> None:
        self.provider.count_answer(self.request.path)

    async def _serve(self) -> None:
        path = self.request.path
        arguments = {name: self.get_argument(name, strip=False) for name in self.request.arguments}
        self.provider.note(SeenRequest(self.request.method, path, dict(self.request.headers), arguments))
        canned = self.provider.answers.get(path)
        if path in self.provider.held:
            await self.provider.held[path].wait()
            canned = canned or self.provider.answers.get(path)
        if canned is not None:
            self._send_canned(canned)
        else:
            self._send_own(path, arguments)

    def _send_canned(self, answer: CannedAnswer) -> None:
        self.set_status(answer.status)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        self.finish(answer.body)

    def _send_own(self, path: str, arguments: dict[str, str]) -> None:
        provider = self.provider
        match path:
            case "/.well-known/openid-configuration":
                self._send_json(200, provider.discovery())
            case "/authorize":
                self.redirect(provider.authorize(arguments))
            case "/token":
                self._send_json(*provider.token(arguments))
            case "/jwks":
                self._send_json(200, {"keys": provider.published_keys})
            case "/userinfo":
                token = self.request.headers.get("Authorization", "").partition(" ")[2]
                own = {"sub": provider.owners.get(token, SUBJECT), "name": "Alice Liddell"}
                self._send_json(200, _changed(own, provider.userinfo))
            case "/revoke" | "/logout":
                self.finish()
            case _:
                self.set_status(404)
                self.finish()

    def _send_json(self, status: int, document: dict[str, Any]) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(document))
