"""What browsers show as addresses and send as requests, as `tests/parties/browser_requests.py` has recorded it."""

import json
from dataclasses import dataclass
from typing import Any

from tests.parties.browser_requests import FILE


@dataclass(frozen=True)
class RecordedAddress:
    """An address that a page has opened.

    Attributes:
        shown: Path, query and fragment of `location` then.
        target: The request target that the server got.
    """

    browser: str
    opened: str
    shown: str
    target: str


@dataclass(frozen=True)
class RecordedRequest:
    """A request. The values of `Origin` are `own`, `same-site` and `cross-site`, as seen from the recording page.

    Attributes:
        name: Of its place in the recorder, such as `navigation/pass/link`: a link of another site, passed on by a service worker.
    """

    browser: str
    name: str
    method: str
    headers: dict[str, str]

    def sent_to(self, origin: str) -> dict[str, str]:
        """Return the headers as they are sent to a hub of this origin."""
        origins = {"own": origin, "same-site": "https://sibling.example", "cross-site": "https://evil.example"}
        return {key: origins.get(value, value) if key == "origin" else value for key, value in self.headers.items()}

    @property
    def id(self) -> str:
        """Its name in the output of tests."""
        return f"{self.browser}/{self.name}"


_RECORDS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))

ADDRESSES = [RecordedAddress(browser, **each) for browser, record in _RECORDS.items() for each in record["addresses"]]
REQUESTS = [
    RecordedRequest(browser, name, each["method"], each["headers"])
    for browser, record in _RECORDS.items()
    for name, each in record["requests"].items()
]
