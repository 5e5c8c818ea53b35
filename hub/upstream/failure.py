"""Why there is no response, or not all of one."""


class InvalidRequest(Exception):
    """The caller's request cannot be sent as HTTP/1.1. The text is for the caller."""


class Failure(Exception):
    """There is no response, or not all of one. The subclass says why.

    Attributes:
        reason: For the log; empty if there is nothing that an operator could mend. Shows no token, query or byte of a response.
        was_sent: Whether any byte of the request may have reached the server.
    """

    def __init__(self, reason: str = "", *, was_sent: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.was_sent = was_sent


class ConnectionBroken(Failure):
    """The connection broke off, or the response is no HTTP/1.1."""


class Disconnected(ConnectionBroken):
    """The connection ended before a byte of the response: it may have been stale (RFC 9112 section 9.3.1)."""

    def __init__(self) -> None:
        super().__init__("disconnected without an answer")


class ResponseClosed(Failure):
    """The caller closed the response before its end."""


class ServerUnreachable(Failure):
    """There was no connection in time, the name was not found, or the certificate is not trusted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, was_sent=False)


class ServerStalled(Failure):
    """No byte moved in either direction for the time that the caller gave."""


class HeadLate(Failure):
    """The head of the response was not there at the instant that the caller named."""


class PoolClosed(Failure):
    """The pool opens no more connections."""

    def __init__(self) -> None:
        super().__init__(was_sent=False)


class UploadFailed(Failure):
    """The body could not be sent.

    Attributes:
        error: What the caller's stream raised, or `InvalidRequest`.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
