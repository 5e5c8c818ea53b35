"""Finds reserved names (`hub.iris.reserved`) among the fields of a form. Pure.

The CSP gateway puts the fields of a form into `%request.Data`, beside the parameters of the query, and acts on both. The hub
rejects a form with a reserved field: without the field, its length and its digest would be wrong.
"""

import re

from hub.errors import BadRequest
from hub.gateway.api_profile import BodyCheck
from hub.iris.reserved import is_reserved_name
from hub.primitives.http import Headers

LONGEST_NAME = 4096  # bytes of the name of a field, and of the header of a part, in any encoding

_SEPARATORS = re.compile(b"[&;]")
_DISPOSITION = re.compile(rb"(?:\A|[\r\n])content-disposition[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE)
_NAME = re.compile(rb"""name\*?\s*=\s*(?:"((?:[^"\\]|\\.)*)|([^;\s]*))""", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(rb"[\w-]*'[\w-]*'")  # of RFC 8187, in `name*=utf-8''x`


def form_check(headers: Headers) -> BodyCheck | None:
    """Return what checks the body of a request with these headers; None if it is no form.

    Raises:
        BadRequest: The form is compressed, so that its fields cannot be checked.
    """
    fields = [(name.lower(), value.lower()) for name, value in headers if name.lower() in ("content-type", "content-encoding")]
    types = [value for name, value in fields if name == "content-type"]
    check: BodyCheck
    if any("x-www-form-urlencoded" in value for value in types):
        check = UrlencodedCheck()
    elif any("multipart/" in value for value in types):
        check = MultipartCheck()
    else:
        return None
    if any(name == "content-encoding" and value.strip() not in ("", "identity") for name, value in fields):
        raise BadRequest("A form must not have a Content-Encoding, because its fields are checked. Send it uncompressed.")
    return check


class UrlencodedCheck:
    """Checks `application/x-www-form-urlencoded`, chunk by chunk. It holds one name at most."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Check the fields that end in this chunk.

        Raises:
            BadRequest: A field has a reserved name, or a name that is too long.
        """
        *complete, last = _SEPARATORS.split(self._rest + chunk)
        for field in complete:
            _require_free(field.partition(b"=")[0])
        name, equals, _ = last.partition(b"=")
        if equals or len(name) > LONGEST_NAME:
            _require_free(name)
        self._rest = name + equals

    def finish(self) -> None:
        """Check the last field. Errors as `feed`."""
        _require_free(self._rest.partition(b"=")[0])


class MultipartCheck:
    """Checks the names of the parts of `multipart/form-data`, chunk by chunk. It holds one header of a part at most."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Check the parts whose `Content-Disposition` is in this chunk. Errors as `UrlencodedCheck.feed`."""
        data = self._rest + chunk
        self._rest = data[-LONGEST_NAME:]
        for header in _DISPOSITION.finditer(data):
            if header.end() == len(data):  # it may go on in the next chunk
                if header.end() - header.start() > LONGEST_NAME:
                    raise _too_long()
                self._rest = data[header.start() :]
            self._check(header[1])

    def finish(self) -> None:
        """Do nothing: each part was checked when its header was complete."""

    def _check(self, header: bytes) -> None:
        for found in _NAME.finditer(header):
            name = found[1] if found[1] is not None else found[2]
            _require_free(name.replace(b"\\", b""))
            _require_free(_CHARSET.sub(b"", name, count=1))


def _require_free(name: bytes) -> None:
    if len(name) > LONGEST_NAME:
        raise _too_long()
    if is_reserved_name(name.decode("latin-1")):
        raise BadRequest("A field of the form has a reserved name, such as IRISUsername, which acts on IRIS itself. Rename it.")


def _too_long() -> BadRequest:
    return BadRequest(f"The name of a field of the form is longer than {LONGEST_NAME} bytes.")
