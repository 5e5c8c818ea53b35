"""Text of others for logs and terminals: what acts on them, or hides text, becomes visible. Pure."""

import re

_ACTING = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: they move the cursor, change titles, forge lines
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # bidirectional controls, line separators, and characters that have no width
    r"\ud800-\udfff]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str) -> str:
    """Return `text` with escapes, as JSON and Python write them, in place of characters that act on a terminal or hide text."""
    return _ACTING.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return _SHORT.get(found[0]) or "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
