"""HTTP to the byte, for what ordinary clients tidy up: the spelling of header names, and what stands in a refusal."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class RawAnswer:
    """An answer as it came over the wire."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.head.split(b" ")[1])

    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)

    def without_date(self) -> bytes:
        """Return all of it but the time."""
        return re.sub(rb"(?i)\r\ndate: [^\r]*", b"", self.head) + self.body

    def cookie(self) -> str:
        """Return the first cookie that it sets, as a browser sends it back."""
        found = re.search(rb"(?i)\r\nset-cookie: ([^;]*);", self.head)
        assert found is not None
        return found[1].decode()


async def post(
    url: str, body: Any = None, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> RawAnswer:
    """Send one POST on a connection of its own, with a JSON body, a form, or nothing."""
    parts = urlsplit(url)
    content = json.dumps(body).encode() if body is not None else urlencode(form or {}).encode()
    kind = "application/json" if body is not None else "application/x-www-form-urlencoded"
    fields = {"Host": parts.netloc, "Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "Connection: close", "", ""]
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write("\r\n".join(lines).encode() + content)
    head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return RawAnswer(head + b"\r\n", answer)
