"""Errors of requests to an API: reasons for a missing or incomplete response."""


class InvalidRequest(Exception):
    """The request cannot be sent as HTTP/1.1. The message is for the caller."""


class Failure(Exception):
    """The response is missing or incomplete. The subclass says why.

    Attributes:
        reason: Text for the log; empty if operators cannot do anything. Contains no token, query or part of a response.
        was_sent: Whether any byte of the request may have reached the server.
    """

    def __init__(self, reason: str = "", *, was_sent: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.was_sent = was_sent


class ConnectionBroken(Failure):
    """The connection was closed early, or the response is not valid HTTP/1.1."""


class Disconnected(ConnectionBroken):
    """The connection ended before the first byte of the response. It may have been stale (RFC 9112 section 9.3.1)."""

    def __init__(self) -> None:
        super().__init__("disconnected without a response")


class ResponseClosed(Failure):
    """The caller closed the response before its end."""


class ServerUnreachable(Failure):
    """No connection in time: a timeout, an unknown host name, or an untrusted certificate."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, was_sent=False)


class PoolFull(Failure):
    """All connections that this target may have are in use, and none became free in time."""

    def __init__(self, reason: str = "all connections to this target are in use") -> None:
        super().__init__(reason, was_sent=False)


class DescriptorsShort(PoolFull):
    """The process has used up its file descriptors, except for those that are reserved."""

    def __init__(self) -> None:
        super().__init__("the file descriptors are used up: raise LimitNOFILE or ulimit -n")


class ClientAtLimit(Failure):
    """The client uses all connections that it may have, and none of them became free in time."""

    def __init__(self) -> None:
        super().__init__(was_sent=False)


class ServerStalled(Failure):
    """No byte moved in either direction within the stall timeout."""


class HeadLate(Failure):
    """The head of the response did not arrive before the caller's deadline."""


class PoolClosed(Failure):
    """The pool opens no more connections."""

    def __init__(self) -> None:
        super().__init__(was_sent=False)


class UploadFailed(Failure):
    """The body could not be sent.

    Attributes:
        error: The error of the caller's stream, or `InvalidRequest`.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
