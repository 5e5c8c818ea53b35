"""The only decoder of JSON (RFC 8259). Its depth and size are bounded, and it raises one kind of error. Pure.

A test asserts that no other module decodes JSON. Without this module, each caller would have to know that deep nesting raises
`RecursionError`, that invalid UTF-8 raises `UnicodeDecodeError` or, inside `msgspec.Raw`, nothing at all.
"""

import re
from itertools import accumulate
from typing import Any, Generic, TypeVar

import msgspec

MAX_DEPTH = 64
MAX_BYTES = 4 * 1024 * 1024

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKETS = b"[]{}"
_OTHERS = bytes(value for value in range(256) if value not in _BRACKETS)
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}

T = TypeVar("T")


class UnreadableJson(ValueError):
    """The text is not JSON, is not UTF-8, or exceeds a limit. The message says where, without repeating the text."""


class UnexpectedJson(UnreadableJson):
    """The text is JSON, but not of the expected type. The message names the member."""


class JsonDecoder(Generic[T]):
    """Decodes values of one type."""

    def __init__(self, kind: Any, *, max_bytes: int | None = MAX_BYTES, max_depth: int | None = MAX_DEPTH) -> None:
        """Parameters:
        kind: The type `T`, as msgspec understands it.
        max_bytes: Size of the text; None if the caller has limited it.
        max_depth: Nesting of arrays and objects; None if the value is only checked and copied (`msgspec.Raw`). Then the
            recursion limit of the interpreter decides.
        """
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)
        self._max_bytes = max_bytes
        self._max_depth = max_depth

    def decode(self, text: bytes | str) -> T:
        """Return the value in `text`.

        Raises:
            UnexpectedJson: It is not of the type.
            UnreadableJson: It is not valid JSON in UTF-8, is too large, or is nested too deeply.
        """
        if self._max_bytes is not None and len(text) > self._max_bytes:
            raise UnreadableJson(f"it has more than {self._max_bytes} bytes")
        try:
            if isinstance(text, bytes) and not text.isascii():  # msgspec does not check strings that it skips
                text.decode()
            if self._max_depth is not None:
                _require_depth(text, self._max_depth)
            return self._decoder.decode(text)
        except UnicodeDecodeError as error:
            raise UnreadableJson(f"byte {error.start} (0x{error.object[error.start]:02x}) is not UTF-8") from error
        except msgspec.ValidationError as error:
            raise UnexpectedJson(str(error)) from error
        except msgspec.DecodeError as error:
            raise UnreadableJson(str(error)) from error
        except (RecursionError, UnicodeEncodeError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else "it contains half a surrogate pair"
            raise UnreadableJson(reason) from error


def json_depth(text: bytes) -> int:
    """Return how deeply arrays and objects of a JSON text are nested. Brackets in strings do not count."""
    brackets = _STRING.sub(b"", text).translate(None, _OTHERS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _require_depth(text: bytes | str, max_depth: int) -> None:
    opened = text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")
    if opened > max_depth and json_depth(text.encode() if isinstance(text, str) else text) > max_depth:
        raise UnreadableJson(f"it is nested more than {max_depth} levels deep")


_ANY: JsonDecoder[Any] = JsonDecoder(Any)
_OBJECT: JsonDecoder[dict[str, Any]] = JsonDecoder(dict[str, Any])


def decode_any(text: bytes | str) -> Any:
    """Return the value in `text`, of any type. Raises as `JsonDecoder.decode`."""
    return _ANY.decode(text)


def decode_json_object(text: bytes | str) -> dict[str, Any]:
    """Return the JSON object in `text`. Raises as `JsonDecoder.decode`."""
    return _OBJECT.decode(text)
