"""The vectors of the client's half, to which the TypeScript client and the Python client are held too."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "vectors" / "client"


def client_vectors(name: str) -> list[dict[str, Any]]:
    """Return the vectors of one file."""
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["vectors"]
    return found
