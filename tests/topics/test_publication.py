"""The body of a publication: an event for everybody has no `to`, and an empty recipient is a mistake."""

import pytest

from hub.primitives.json_decoder import UnreadableJson
from hub.topics.model import Recipient
from hub.topics.publication import publication_of


def body(to: str) -> bytes:
    """Return a publication with this JSON as `to`."""
    return b'{"name": "result", "to": %s}' % to.encode()


def test_for_everybody() -> None:
    """Only without `to`."""
    publication = publication_of(b'{"name": "result", "data": {"to": {"subject": ""}}}')

    assert (publication.name, publication.to) == ("result", Recipient())


@pytest.mark.parametrize("member", ["subject", "issuer", "session", "scope"])
@pytest.mark.parametrize("value", ['""', "null", "{}", "[]"])
@pytest.mark.parametrize("more", ["", ', "scope": "lab"', ', "subject": "alice"'])
def test_empty_member(member: str, value: str, more: str) -> None:
    """It is named, whatever else stands there: whoever left it empty meant somebody."""
    if member in more:
        more = ""
    with pytest.raises(UnreadableJson, match=rf"^to\.{member} is empty\. Give it a value\."):
        publication_of(body(f'{{"{member}": {value}{more}}}'))


@pytest.mark.parametrize("to", ["null", "{}", '""', "[]"])
def test_empty_recipient(to: str) -> None:
    """It is not the same as none."""
    with pytest.raises(UnreadableJson, match=r"^to is empty\. .* has no `to`"):
        publication_of(body(to))


@pytest.mark.parametrize("to", ["7", '"alice"', '{"subject": 7}', '{"sub": "alice"}', '{"sub": ""}', "[1]", "false", "0"])
def test_no_recipient(to: str) -> None:
    """Other types and other members are mistakes, too."""
    with pytest.raises(UnreadableJson, match="to"):
        publication_of(body(to))
