"""The answers of the upstream: JSON documents of five sizes, the same in every run. Pure."""

import json
from functools import cache

KB, MB = 1 << 10, 1 << 20
SIZES = {"0.2 KB": 200, "1 KB": KB, "16 KB": 16 * KB, "256 KB": 256 * KB, "20 MB": 20 * MB}  # bytes by name

_RECORD = {"id": 1, "name": "Ada Lovelace", "born": "1815-12-10", "ward": "B2", "weight": 61.50}
_RECORD_BYTES = 82  # of one record with its comma, at most, up to some millions of them


@cache
def make_body(size: int) -> bytes:
    """Return a compact JSON document of exactly `size` bytes, 100 at least: a page of records, as an API would answer it."""
    count = max(1, (size - 40) // _RECORD_BYTES)
    document = {"patients": [{**_RECORD, "id": number} for number in range(1, count + 1)], "next": ""}
    missing = size - len(_compact(document))
    return _compact({**document, "next": "x" * missing})


def path_of(size: int) -> str:
    """Return the path below an upstream's root that is answered with the document of this size."""
    return f"/{size}.json"


def _compact(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
