"""The dialogues of docs/channel-protocol.md and the golden vectors happen as written."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hub.channel.close_codes import CloseCode
from hub.channel.codec import BodyFrame, decode_body
from hub.channel.messages import SUBPROTOCOL, ChannelLimits, ClientMessage, ServerMessage
from tests.channel.dialogue import Replay
from tests.channel.vectors import client_vectors

ROOT = Path(__file__).parents[2]
SPECIFICATION = (ROOT / "docs" / "channel-protocol.md").read_text(encoding="utf-8")
VECTORS = sorted((ROOT / "tests" / "vectors" / "channel").glob("*.json"))


def dialogues() -> list[tuple[str, list[str]]]:
    """Return the dialogues of the specification with their headings."""
    found = []
    for section in SPECIFICATION.split("\n### ")[1:]:
        blocks = re.findall(r"```dialogue\n(.*?)```", section, re.DOTALL)
        found += [(section.splitlines()[0], block.strip().splitlines()) for block in blocks]
    return found


def vectors() -> list[tuple[str, list[str]]]:
    """Return the dialogues of the vector files."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in VECTORS]
    return [(vector["name"], vector["lines"]) for file in files for vector in file["vectors"]]


@pytest.mark.parametrize(("title", "lines"), dialogues())
def test_dialogue_of_the_specification(title: str, lines: list[str]) -> None:
    """The core says what the specification says it says."""
    Replay().run(lines)


@pytest.mark.parametrize(("name", "lines"), vectors())
def test_golden_vector(name: str, lines: list[str]) -> None:
    """The core says what the vectors, to which every client is held too, say it says."""
    Replay().run(lines)


def test_subprotocol() -> None:
    """Clients of all versions offer this name."""
    assert SPECIFICATION.startswith(f"# The channel protocol `{SUBPROTOCOL}`")


def test_specification_has_its_dialogues() -> None:
    """The parser finds them: a change of the document's form does not silently leave them out."""
    assert len(dialogues()) >= 12
    assert len(vectors()) >= 12


def test_every_message_has_a_row() -> None:
    """No message exists that the specification does not know."""
    for message in {*ClientMessage.__args__, *ServerMessage.__args__}:
        assert f"`{message.__struct_config__.tag}`" in SPECIFICATION


def test_every_limit_is_explained() -> None:
    """Each limit that `ready` announces is named in the specification."""
    for name in ChannelLimits.__struct_fields__:
        assert f"`{name}`" in SPECIFICATION


def test_every_close_code_has_a_row() -> None:
    """The table tells the client's next step for each code."""
    for code in CloseCode:
        assert f"\n| {code.value} | " in SPECIFICATION


@pytest.mark.parametrize("vector", client_vectors("frames"), ids=lambda vector: str(vector["name"]))
def test_body_frame_vector(vector: dict[str, Any]) -> None:
    """A body frame has the same bytes in every implementation."""
    frame = BodyFrame(vector["id"], vector["text"].encode(), end=vector["end"])

    assert b"".join(frame.parts()).hex() == vector["hex"]
    assert decode_body(bytes.fromhex(vector["hex"])) == frame


def test_close_code_vectors_are_complete() -> None:
    """For each close code of the hub the vectors say what clients do, as the ranges of the specification do."""
    next_steps = {vector["code"]: vector["next"] for vector in client_vectors("close-codes")}

    assert set(next_steps) >= set(CloseCode)
    for code, step in next_steps.items():
        is_final, is_http = 4400 <= code <= 4419, 4430 <= code <= 4439
        assert (step in ("refused", "ended", "reload"), step == "http", step == "stop") == (is_final, is_http, code == 1000)
