"""The document of the four flows: figures of two states of the code side by side, then the hops."""

from collections.abc import Mapping
from typing import Any

from bench.ground.results import markdown
from bench.hops.recording import Recorder

TITLES = {
    "login": "Login",
    "http": "HTTP call",
    "channel": "Channel call",
    "refresh": "Refresh",
}
WHAT = {
    "login": "`GET /hub/login` and `GET /hub/callback`, on a connection that the browser opens for them.",
    "http": "`GET /api/patients/1024.json?page=1` on an open connection, with a session that the worker has in its cache.",
    "channel": "The same request as a `request` message on an open channel.",
    "refresh": "The background task refreshes the token of one session: lease, grant, store, event, check of the ID token.",
}
FIGURES = {
    "files": "files of the hub",
    "hops": "hops between files",
    "hub_calls": "Python calls in the hub's files",
    "python_calls": "Python calls in all",
}
INTRODUCTION = """# The four flows, hop by hop

This page shows which files of the hub one request passes. [architecture.md](architecture.md) explains the flows.
`python -m bench.hops --write-docs` writes the page: it starts a hub with Redis, an API and the stand-in for IRIS, and records one
warm request of each flow with `sys.setprofile`.

- A **file** counts if one of its functions runs.
- A **hop** is a call from a function in one file to a function in another. Repeated hops are one row.
- The caller is the nearest function of the hub; calls of libraries in between are left out. `event loop` means: none.
- Timers that run without any request are left out.
- A coroutine that continues after an `await` counts as one more Python call. In login and refresh, the calls of libraries vary
  by a few percent between runs, because they read from sockets.

**Before** is the code before its restructuring (commit 2eecf23). **After** is today's code. Calls over HTTP and the channel pass
fewer files. Login and refresh pass more: tasks, caches and the JSON decoder are shared
primitives with files of their own, and a login is limited by address and sealed in a cookie.
"""


def figures(recorder: Recorder) -> dict[str, Any]:
    """Return what is kept of one flow."""
    return {
        "files": list(recorder.files),
        "hops": {f"{caller} -> {called}": count for (caller, called), count in recorder.hops.items()},
        "hub_calls": recorder.files.total(),
        "python_calls": recorder.calls.total(),
    }


def summary(flows: Mapping[str, Any]) -> str:
    """Return the table of one state of the code."""
    rows = [[TITLES[name], *(str(_figure(flows[name], figure)) for figure in FIGURES)] for name in TITLES]
    return markdown(["Flow", *FIGURES.values()], rows)


def hop_list(flow: Mapping[str, Any]) -> str:
    """Return one line for each hop, in the order in which they happen first."""
    return "\n".join(f"{hop} ({count} times)" if count > 1 else hop for hop, count in flow["hops"].items())


def document(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return the page."""
    rows = [
        [f"{TITLES[name]}: {label}", *(str(_figure(flows[name], figure)) for flows in (before, after))]
        for figure, label in FIGURES.items()
        for name in TITLES
    ]
    parts = [INTRODUCTION, markdown(["", "Before", "After"], rows), ""]
    for name, title in TITLES.items():
        parts += [f"## {title}", "", WHAT[name], "", *_state("After", after[name]), *_state("Before", before[name])]
    return "\n".join(parts)


def _state(state: str, flow: Mapping[str, Any]) -> list[str]:
    """Return the lines about a flow in one state of the code."""
    files = ", ".join(f"`{file}`" for file in flow["files"])
    return [
        *(f"**{state}**, the {len(flow['files'])} files in the order of their first call: {files}.", ""),
        *(
            f"<details><summary>{state}: {len(flow['hops'])} hops</summary>",
            "",
            "```",
            hop_list(flow),
            "```",
            "",
            "</details>",
            "",
        ),
    ]


def _figure(flow: Mapping[str, Any], name: str) -> int:
    value = flow[name]
    return value if isinstance(value, int) else len(value)
