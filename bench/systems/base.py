"""The interface of a system under test: its callback URL, how it is run, and its contestants."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.bodies import path_of
from bench.machine import Cores
from bench.rounds import Load
from tests.parties.browser import Browser

BROWSER_HEADERS = {  # what a browser sends with every call besides cookies and Fetch Metadata
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Accept": "application/json, text/plain, */*",
    "Accept-Language": "en-GB,en;q=0.9",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}
PLAIN_PREFIX, TLS_PREFIX = "/api", "/tls"
LIFETIME_SECONDS = 86400  # of sessions and tokens: longer than any run, so that none of them ends in the middle


class StartError(Exception):
    """Something that takes part did not start, or is not installed; the message names it."""


@dataclass(frozen=True, slots=True)
class Target:
    """The requested document, and how a system reaches it.

    Attributes:
        size: Bytes of the document.
        is_tls: The system speaks TLS with the upstream.
    """

    size: int
    is_tls: bool = False

    @property
    def path(self) -> str:
        """The path at the system."""
        return (TLS_PREFIX if self.is_tls else PLAIN_PREFIX) + path_of(self.size)


@dataclass(frozen=True, slots=True)
class Upstream:
    """The resource server that all systems forward to.

    Attributes:
        plain_url: Its root for everybody, and `bearer_url` the same for requests with a token; others get 401 there.
        tls_url, tls_bearer_url: The same over TLS; None if it has none.
        authority_file: The certificate (PEM) by which its own is trusted.
        pids: Its processes that answer.
    """

    plain_url: str
    bearer_url: str
    pids: Sequence[int]
    tls_url: str | None = None
    tls_bearer_url: str | None = None
    authority_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """The OpenID Provider of all systems, and the one client that they are to it.

    Attributes:
        log_in: Fills in the provider's pages, from the one that a browser was sent to; returns the page after them.
    """

    issuer: str
    client_id: str
    client_secret: str
    log_in: Callable[[Browser, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Site:
    """Everything around the systems."""

    cores: Cores
    upstream: Upstream
    provider: Provider
    folder: Path


class Opener(Protocol):
    """Opens a load."""

    async def __call__(self, target: Target, callers: int, in_flight: int | None = None) -> Load:
        """Open the connections of so many callers.

        Parameters:
            in_flight: How many of them share a connection, where one carries several requests; None: see `sockets_for`.
        """


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to reach the upstream.

    Attributes:
        name: As it stands in tables.
        pids: Returns the processes under test; they may change.
        store_pids: Those of its Redis, which are counted apart.
        open: Opens a load.
        is_moved: The processes stand aside between its rounds: the upstream itself.
    """

    name: str
    pids: Callable[[], Sequence[int]]
    open: Opener
    store_pids: Sequence[int] = ()
    is_moved: bool = False


class System(Protocol):
    """One program with one configuration."""

    redirect_uris: Sequence[str]  # to be registered at the provider before it starts

    def missing(self) -> str | None:
        """Return what to install, or None."""

    def running(self, site: Site) -> AbstractAsyncContextManager[Sequence[Contestant]]:
        """Start it, log in, and stop it at the end; raises StartError."""


def sockets_for(callers: int, in_flight: int | None) -> tuple[int, int]:
    """Return the WebSockets, and requests in flight on each, that make so many callers: five on each, unless told otherwise."""
    in_flight = in_flight or (5 if callers >= 5 else 1)
    return max(1, callers // in_flight), in_flight
