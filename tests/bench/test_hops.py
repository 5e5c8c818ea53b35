"""The recording of hops, and the number of files that a request may pass: it may only fall.

`python -m bench.hops` shows the hops.
"""

import asyncio
import json
import sys
from pathlib import Path

from bench.hops.document import document, figures
from bench.hops.recording import EVENT_LOOP, Recorder
from hub.session.model import SessionId
from tests.parties.hub import PROJECT

FILES = {"login": 64, "http": 42, "channel": 45, "refresh": 44}


class TestRecorder:
    """The recording itself."""

    def test_hops(self) -> None:
        """A call into another file is a hop; one within a file is not. Libraries and tests are left out."""
        with Recorder() as recorder:
            json.dumps(SessionId.generate().key)

        assert list(recorder.files) == ["session.model", "primitives.secret"]
        assert list(recorder.hops) == [
            (EVENT_LOOP, "session.model.RandomId.generate"),
            ("session.model.RandomId.generate", "primitives.secret.Secret.__init__"),
            (EVENT_LOOP, "session.model.RandomId.key"),
            ("session.model.RandomId.key", "primitives.secret.Secret.reveal"),
            ("session.model.RandomId.key", "primitives.secret.digest"),
        ]

    def test_idle_entries(self) -> None:
        """What begins with a timer that runs anyway is left out."""
        with Recorder() as idle:
            SessionId.generate()
        with Recorder(idle.entries) as recorder:
            SessionId.generate()

        assert recorder.hops == {}

    def test_document(self) -> None:
        """Both states stand side by side."""
        with Recorder() as recorder:
            SessionId.generate()
        flows = dict.fromkeys(FILES, figures(recorder))

        text = document({**flows, "http": {**flows["http"], "files": []}}, flows)

        assert "| HTTP call: files of the hub" in text
        assert "|      0 |     2 |" in text


async def test_no_request_passes_more_files_than_it_did(tmp_path: Path) -> None:
    """Each flow works, and stays within its bound."""
    kept = tmp_path / "flows.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.hops", "--keep", str(kept)),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()[-5000:]

    found = json.loads(kept.read_text(encoding="utf-8"))

    assert {name: files for name in FILES if (files := len(found[name]["files"])) > FILES[name]} == {}
