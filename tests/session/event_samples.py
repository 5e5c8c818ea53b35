"""Session events for property tests, and messages that are none."""

from typing import get_args

from hypothesis import strategies as st

from hub.session.events import SessionEvent, SessionHasEnded, SessionWasRefreshed, SessionWasReplaced, TopicHasNews
from hub.session.model import EndReason

KEY = "3f" * 32

keys = st.text("0123456789abcdef", min_size=64, max_size=64)
times = st.floats(0, 253402300800)

session_events: st.SearchStrategy[SessionEvent] = st.one_of(
    st.builds(SessionHasEnded, keys, st.sampled_from(get_args(EndReason)), times, keys | st.just("")),
    st.builds(SessionWasRefreshed, keys, times | st.none(), st.integers(0, 2**40)),
    st.builds(SessionWasReplaced, keys, times),
    st.builds(TopicHasNews, st.text("abz09._~:/-", min_size=1, max_size=128)),
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)

WRONG = [
    b"",
    b"{",
    b"null",
    b"\xff\x00",
    b"[" * 100_000,
    b'{"type":"topic","name":"x","y":' + b"[" * 2000,
    b'{"type":"topic","name":"x","y":' + b"[" * 2000 + b"]" * 2000 + b"}",
    b'{"type":"topic","name":"x","y":' + b'{"a":' * 2000 + b"1" + b"}" * 2001,
    b'{"type":"topic","name":"' + b"x" * 5000 + b'"}',
    b'{"type":"topic","name":"' + b"x" * 129 + b'"}',
    b'{"type":"topic","name":"\\ud800"}',
    b'{"type":"topic"}',
    b'{"type":"restart","key":"00"}',
    b'{"type":"ended","key":"00","reason":"because","at":1}',
    b'{"type":"ended","key":"hub:session:*","reason":"logout","at":1}',
    b'{"type":"ended","key":"00","reason":"logout","at":1e999}',
    b'{"type":"ended","key":"00","reason":"logout","at":-1}',
    b'{"type":"ended","key":"00","reason":"logout","at":null}',
    b'{"type":"replaced","key":"00","until":1e308}',
    b'{"type":"refreshed","key":"00","expires_at":1e308}',
    b'{"type":"refreshed","key":"00","expires_at":1,"version":"x"}',
]
"""Messages that no hub sends. Some of them once ended the feed of every worker."""
