"""The HTTP clients that may stand behind the door to resource servers, and what each is known to fall short of."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import uvloop

from bench.upstream_clients.aiohttp_client import AiohttpClient
from bench.upstream_clients.pyreqwest_client import PyreqwestClient
from hub.gateway.resource_server import ResourceServer


@dataclass(frozen=True)
class Candidate:
    """A client, and the loop that it runs on here.

    Attributes:
        reasons: Words for the operator's log: the server left without an answer; sent no HTTP; said nothing.
    """

    make: Callable[..., Any]
    loop: Callable[[], asyncio.AbstractEventLoop]
    reasons: tuple[str, str, str]


POOL_REASONS = ("disconnected without a response", "Expected HTTP/", "no byte moved")
CANDIDATES = {
    "pool": Candidate(ResourceServer, uvloop.new_event_loop, POOL_REASONS),
    "pool-asyncio": Candidate(ResourceServer, asyncio.new_event_loop, POOL_REASONS),
    "aiohttp": Candidate(AiohttpClient, uvloop.new_event_loop, ("ClientConnectionError", "Bad status line:", "TimeoutError")),
    "pyreqwest": Candidate(PyreqwestClient, uvloop.new_event_loop, ("ConnectError", "DecodeError", "TimeoutError")),
}

CANNOT_ABORT = "Cancelling a request does not end it before the head of its answer has come."
KNOWN_SHORTFALLS = {
    ("aiohttp", "test_takes_no_body_for_an_answer"): "A body after the answer to HEAD is read as the next answer.",
    ("pyreqwest", "test_sends_what_it_is_given_and_invents_nothing"): "It adds Accept and User-Agent, whatever it is told.",
    (
        "pyreqwest",
        "test_hands_out_what_it_gets",
    ): "It knows no reason phrase, and no field values beside UTF-8.",
    ("pyreqwest", "test_hands_out_an_answer_that_comes_before_the_upload_is_done"): "An upload goes on after the answer.",
    ("pyreqwest", "test_cancelling_before_the_answer_aborts_the_connection"): CANNOT_ABORT,
    ("pyreqwest", "test_cancelling_an_upload_that_nobody_reads_aborts_the_connection"): CANNOT_ABORT,
    ("pyreqwest", "test_cancelling_aborts_the_connection"): CANNOT_ABORT,
    ("pyreqwest", "test_a_server_that_never_answers"): CANNOT_ABORT,
    ("pyreqwest", "test_the_caller_runs_out_of_time"): CANNOT_ABORT,
    ("pyreqwest", "test_the_caller_runs_out_of_time_before_anything_is_sent"): "It does not say whether it was connected.",
    ("pyreqwest", "test_an_answer_that_is_no_http[length and chunks]"): "hyper takes both, and goes by the chunks.",
    ("pyreqwest", "test_an_answer_that_is_no_http[large field]"): "The size of a head cannot be set; some 400 KiB are taken.",
    ("pyreqwest", "test_a_stream_that_is_cancelled"): "The cancellation escapes into the loop and stops it.",
}
"""Candidate and test -> why it fails there. Each of these has to fail: a shortfall that is gone must leave the table."""

PATIENCE_SECONDS = 3.0
"""After this long a test that is known to fail is taken to hang."""
