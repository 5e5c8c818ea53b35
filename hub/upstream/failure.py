"""Why there is no answer, or not all of one."""

from hub.errors import HubError, Processed, ResourceServerBroken, ResourceServerUnreachable

BROKEN = "The connection broke off, or the answer was no HTTP."


class Failure(Exception):
    """What the caller is told, and what the operator is.

    Attributes:
        error: What `ResourceServer.send` raises, or the answer's body.
        reason: For the log; empty if there is nothing that an operator could mend. Shows no token, query or byte of an answer.
    """

    def __init__(self, error: Exception, reason: str = "", *, processed: Processed = "maybe") -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason
        if isinstance(error, HubError):
            error.processed = processed


class Disconnected(Failure):
    """The connection ended before a byte of the answer: it may have been stale (RFC 9112 section 9.3.1)."""

    def __init__(self) -> None:
        super().__init__(ResourceServerBroken(BROKEN), "disconnected without an answer")


def broken(reason: str) -> Failure:
    """Return the failure of an answer that cannot be used."""
    return Failure(ResourceServerBroken(BROKEN), reason)


def unreachable(reason: str) -> Failure:
    """Return the failure of a connection that was never there."""
    return Failure(ResourceServerUnreachable(), reason, processed="never")
