"""Decoding of a publisher's request: a `Publication`, or an error that names the mistake. Pure."""

from typing import Any

import msgspec

from hub.primitives.json_decoder import JsonDecoder, UnexpectedJson
from hub.topics.model import Publication

EMPTY: tuple[object, ...] = (None, "", {}, [])


class _Addressed(msgspec.Struct):
    """The member of a publication that says for whom it is; UNSET: for all subscribers of the topic."""

    to: Any = msgspec.UNSET


_decode_address = JsonDecoder[_Addressed](_Addressed).decode
_decode = JsonDecoder[Publication](Publication).decode


def publication_of(body: bytes) -> Publication:
    """Return the publication in the body of a request.

    Only a publication without `to` is for everybody. An empty recipient is an error: it comes from a variable that was not set,
    and the event would reach all subscribers instead of one.

    Raises:
        UnreadableJson: The body is no publication; the message names the member.
    """
    if member := _empty_member(_decode_address(body).to):
        raise UnexpectedJson(f"{member} is empty. Give it a value. Only an event for all subscribers of the topic has no `to`")
    return _decode(body)


def _empty_member(to: Any) -> str:
    """Return the name of the first member of a recipient that has no value, or ""."""
    if to in EMPTY:
        return "to"
    members = to if isinstance(to, dict) else {}
    return next((f"to.{name}" for name in ("subject", "issuer", "session", "scope") if members.get(name, name) in EMPTY), "")
