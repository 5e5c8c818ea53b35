"""Tables in documents, made anew from figures. Each stands between two marks, the first with its name. Pure.

<!-- figures: peers-goals -->
...
<!-- end of figures -->
"""

import re
from collections.abc import Mapping

MARKED = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def rewritten(text: str, tables: Mapping[str, str]) -> str:
    """Return the document with these tables in place of the former ones; others stay as they are."""
    return MARKED.sub(lambda mark: f"{mark[1]}{tables[mark[2]]}\n{mark[3]}" if mark[2] in tables else mark[0], text)
