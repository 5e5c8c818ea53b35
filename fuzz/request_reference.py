"""Requests as RFC 9112 writes them, read the slow and simple way: from one string, with one expression for each rule.

Strict where `hub.listener` is strict. Of llhttp's leniencies it has two, which hide nothing: line ends of any kind before a
request, and several blanks between the parts of its first line.
"""

import re
from dataclasses import dataclass

_LINE = re.compile(rb"([A-Z-]+) +([!-~]+) +HTTP/1\.([01])\r\n")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[!-~\x80-\xff]|[ \t])*?)[ \t]*\r\n")
_SIZE = re.compile(rb"([0-9A-Fa-f]+)((?:;[^\r\n\x00]+)?)\r\n")
_LENGTH = re.compile(rb"[0-9]{1,18}")

Fields = list[tuple[bytes, bytes]]


class Refused(Exception):
    """This is no request, or not all of one."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    method: str
    target: str
    fields: Fields
    body: bytes


def read(data: bytes) -> list[Request]:
    """Return the whole requests at the beginning of `data`, up to the first that is none. Upgrades are not looked at."""
    requests: list[Request] = []
    try:
        while data:
            request, data = _request(data)
            requests.append(request)
    except Refused:
        pass
    return requests


def _request(data: bytes) -> tuple[Request, bytes]:
    data = data.lstrip(b"\r\n")
    line = _match(_LINE, data)
    fields, rest = _fields(data[line.end() :])
    named: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        named.setdefault(name, []).append(value)
    if len(named.get(b"host", [])) > 1 or (line[3] == b"1" and b"host" not in named):
        raise Refused
    body, rest = _body(named, rest, is_http10=line[3] == b"0")
    return Request(line[1].decode(), line[2].decode(), fields, body), rest


def _fields(data: bytes) -> tuple[Fields, bytes]:
    fields: Fields = []
    while not data.startswith(b"\r\n"):
        field = _match(_FIELD, data)
        fields.append((field[1].lower(), field[2]))
        data = data[field.end() :]
    return fields, data[2:]


def _body(named: dict[bytes, list[bytes]], data: bytes, *, is_http10: bool) -> tuple[bytes, bytes]:
    codings, lengths = named.get(b"transfer-encoding"), named.get(b"content-length")
    if codings is not None:
        if lengths is not None or is_http10 or len(codings) != 1 or codings[0].lower() != b"chunked":
            raise Refused
        return _chunks(data)
    if lengths is None:
        return b"", data
    if len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]) or len(data) < int(lengths[0]):
        raise Refused
    return data[: int(lengths[0])], data[int(lengths[0]) :]


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        head = _match(_SIZE, data)
        size, data = int(head[1], 16), data[head.end() :]
        if size == 0:
            return body, _fields(data)[1]
        if data[size : size + 2] != b"\r\n":
            raise Refused
        body, data = body + data[:size], data[size + 2 :]


def _match(expression: re.Pattern[bytes], data: bytes) -> re.Match[bytes]:
    found = expression.match(data)
    if found is None:
        raise Refused
    return found
