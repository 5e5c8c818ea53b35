"""Bodies that are long or slow: upload, report, event stream, slow answer. None is ever held in memory, but a short text."""

import hashlib
from collections.abc import AsyncIterator

from tornado.web import HTTPError, stream_request_body

from iris_standin.clinic.base import ClinicHandler

PIECE = bytes(range(256)) * 256  # 64 KiB; byte n of a report is n modulo 256, so that a reader can check it
MAX_REPORT_BYTES = 4 * 1024**3
MAX_SECONDS = 3600.0
MAX_LETTER_BYTES = 64 * 1024


@stream_request_body
class DocumentsHandler(ClinicHandler):
    """Uploads. The last short text of each user can be fetched, just as it came: nobody has looked at it."""

    async def prepare(self) -> None:
        """Begin to count and hash."""
        self.received_bytes = 0
        self.letter = bytearray()
        self.digest = hashlib.sha256()
        await super().prepare()

    def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body, and forget it if the body is long."""
        self.received_bytes += len(chunk)
        self.letter += chunk[: MAX_LETTER_BYTES + 1 - len(self.letter)]
        self.digest.update(chunk)

    def post(self) -> None:
        """Answer 201 with what was received."""
        self.set_status(201)
        content_type = self.request.headers.get("Content-Type", "")
        if content_type.startswith("text/") and self.received_bytes <= MAX_LETTER_BYTES:
            self.clinic.letters[self.caller.subject] = content_type, bytes(self.letter)
        self.finish({"bytes": self.received_bytes, "sha256": self.digest.hexdigest(), "content_type": content_type})

    def get(self) -> None:
        """Answer with the last short text of the caller."""
        content_type, letter = self.clinic.letters.get(self.caller.subject, ("", b""))
        if not content_type:
            raise HTTPError(404)
        self.set_header("Content-Type", content_type)
        self.finish(letter)


class ReportHandler(ClinicHandler):
    """A binary download."""

    async def get(self) -> None:
        """Answer with `bytes` bytes."""
        size = int(self.number("bytes", 1_000_000, least=0, most=MAX_REPORT_BYTES))
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", 'attachment; filename="report.bin"')
        self.set_header("Content-Length", size)
        await self.stream(_report(size))


class StreamHandler(ClinicHandler):
    """Server-sent events, flushed one by one."""

    async def get(self) -> None:
        """Answer with `events` events, `interval` seconds apart."""
        events = int(self.number("events", 10, least=0, most=1_000_000))
        interval_seconds = self.number("interval", 1.0, least=0.0, most=MAX_SECONDS)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        await self.stream(self._events(events, interval_seconds))

    async def _events(self, events: int, interval_seconds: float) -> AsyncIterator[bytes]:
        for number in range(1, events + 1):
            if number > 1:
                await self.pause(interval_seconds)
            yield f'id: {number}\nevent: tick\ndata: {{"number": {number}, "of": {events}}}\n\n'.encode()


class SlowHandler(ClinicHandler):
    """An answer that takes its time. If the client leaves meanwhile, the journal says `aborted` at once."""

    async def get(self) -> None:
        """Answer after `seconds`."""
        seconds = self.number("seconds", 1.0, least=0.0, most=MAX_SECONDS)
        await self.pause(seconds)
        if not self.client_left.is_set():
            self.finish({"waited_seconds": seconds})


async def _report(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // len(PIECE)):
        yield PIECE
    if rest := size % len(PIECE):
        yield PIECE[:rest]
