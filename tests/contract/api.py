"""The API of the contract suite: it responds as each request says in its query, and notes what it has seen of it.

`client/projects/contract/src/response-spec.ts` describes the parameter `r`; `run` names the behavior and the backend.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.parties.resource_server import Exchange

SEEN_HEADERS = ("accept", "accept-language", "content-type", "if-match", "if-none-match", "x-test")
READ_SECONDS = 0.3  # a browser drops what the page has not read when a response breaks off
UNSENT = 1_000_000  # of a body that does not end: so much that the hub relays it as it arrives
_BOUNDARY = re.compile(rb"-{2,}[\w'-]{10,}")
_REDIRECT_TO_SPEC = re.compile(r"[?&]r=")


@dataclass
class ContractApi:
    """Responds, and records.

    Attributes:
        seen: What came of each run, in order: a request as text, and `aborted` if the caller left.
        report: What the page has reported, once it has.
    """

    seen: dict[str, list[str]] = field(default_factory=dict)
    report: asyncio.Future[list[dict[str, Any]]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def serve(self, exchange: Exchange) -> None:
        """Respond to one request."""
        url = urlsplit(exchange.request.target)
        if url.path == "/report":
            body = await exchange.body()
            await exchange.answer(204)
            report = json.loads(body)
            if isinstance(report, list):
                self.report.set_result(report)
            else:
                self.report.set_exception(AssertionError(report["failed"]))
            return
        query = parse_qs(url.query)
        run = query.get("run", [""])[0]
        seen = self.seen.setdefault(run, [])
        try:
            body = await exchange.body()
        except (asyncio.IncompleteReadError, ConnectionError):
            seen.append("aborted")
            raise
        seen.append(_as_text(exchange, body))
        await self._respond(exchange, json.loads(query.get("r", ["{}"])[0]), run)

    async def _respond(self, exchange: Exchange, spec: Mapping[str, Any], run: str) -> None:
        how = spec.get("how", "length")
        if how == "silent":
            await self._left(exchange, run)
        elif how == "closed":
            exchange.close()
        elif how == "garbage":
            await exchange.write(b"SSH-2.0-nonsense\r\n\r\n")
            exchange.close()
        else:
            await self._send(exchange, how, _head(spec, exchange.request.target, run), _body(spec), run)

    async def _send(self, exchange: Exchange, how: str, head: bytes, body: bytes, run: str) -> None:
        if how == "chunks":
            await exchange.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
            for at in range(0, len(body), 400):
                await exchange.chunk(body[at : at + 400])
            await exchange.chunk(b"")
            return
        is_bodiless = head.split()[1] in (b"204", b"304")
        length = b"" if is_bodiless else b"Content-Length: %d\r\n" % (len(body) + (UNSENT if how in ("begun", "broken") else 0))
        await exchange.write(head + length + b"\r\n" + (b"" if exchange.request.method == "HEAD" else body))
        if how == "begun":
            await self._left(exchange, run)
        elif how == "broken":
            await asyncio.sleep(READ_SECONDS)
            exchange.reset()

    async def _left(self, exchange: Exchange, run: str) -> None:
        await exchange.peer_gone()
        self.seen[run].append("aborted")
        exchange.is_closed = True


def _head(spec: Mapping[str, Any], target: str, run: str) -> bytes:
    status = int(spec.get("status", 200))
    reason = spec.get("reason") or (HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "")
    headers = [(name, _with_run(name, value, run)) for name, value in spec.get("headers", [])]
    if spec.get("how") == "circle":
        status, reason, headers = 302, "Found", [("Location", target)]
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers), ""]
    return "\r\n".join(lines).encode("latin-1")


def _with_run(name: str, value: str, run: str) -> str:
    """Return a header; the address of a redirect names the run as well."""
    is_address = name == "Location" and _REDIRECT_TO_SPEC.search(value)
    return f"{value}&{urlencode({'run': run})}" if is_address else value


def _body(spec: Mapping[str, Any]) -> bytes:
    body = spec.get("body", "")
    content = body.encode() if isinstance(body, str) else bytes.fromhex(body["hex"])
    return bytes(content * int(spec.get("times", 1)))


def _as_text(exchange: Exchange, body: bytes) -> str:
    """Return what is compared of a request: a boundary of a form is another one each time."""
    request = exchange.request
    url = urlsplit(request.target)
    query = "&".join(part for part in url.query.split("&") if not part.startswith(("r=", "run=")))
    headers = [f"{name}: {value}" for name in SEEN_HEADERS if (value := request.header(name)) is not None]
    content = _BOUNDARY.sub(b"BOUNDARY", body)
    shown = repr(content) if len(content) <= 200 else f"{len(content)} bytes, {hashlib.sha256(content).hexdigest()[:16]}"
    text = "\n".join([f"{request.method} {url.path}?{query}", *headers, shown])
    return _BOUNDARY.sub(b"BOUNDARY", text.encode()).decode()
