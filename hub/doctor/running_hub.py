"""Asks the running hub, over its admin listener, which request headers it has dropped."""

from hub.config.header_names import refusal
from hub.config.settings import AdminSettings
from hub.doctor.findings import Finding, ok, skipped, warning
from hub.doctor.web import NoResponse, probe
from hub.primitives.json_decoder import JsonDecoder, UnreadableJson

CHECK = "request-headers"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - listens there, and is asked on loopback

_DECODER: JsonDecoder[dict[str, dict[str, list[str]]]] = JsonDecoder(dict[str, dict[str, list[str]]])


async def examine_dropped_headers(admin: AdminSettings) -> list[Finding]:
    """Return a finding for each route whose applications send headers that the hub drops.

    Only a hub that runs can know them: each worker remembers the names since its start, and one worker responds.
    """
    host = ANY_ADDRESS.get(admin.host, f"[{admin.host}]" if ":" in admin.host else admin.host)
    about = f"http://{host}:{admin.port}"
    try:
        response = await probe(f"{about}/dropped-headers")
        routes = _names(response.body) if response.status == 200 else None
    except NoResponse:
        routes = None
    if routes is None:
        advice = "Start the hub, use your applications, and run hub doctor again: it then lists the headers that do not pass."
        return [skipped(CHECK, about, "does not say which request headers were dropped", advice)]
    found = [_finding(route, names) for route, names in routes.items() if names]
    return found or [ok(CHECK, about, "has dropped no request header that an application chose")]


def _names(body: bytes) -> dict[str, list[str]] | None:
    try:
        return _DECODER.decode(body).get("routes")
    except UnreadableJson:
        return None


def _finding(route: str, names: list[str]) -> Finding:
    possible = [name for name in names if refusal(name) is None]
    listed = ", ".join(f'"{name}"' for name in possible)
    advice = f"If the API needs them: pass_request_headers = [{listed}]. " if possible else ""
    if len(possible) < len(names):
        never = ", ".join(name for name in names if name not in possible)
        advice += f"Never passes, because servers trust such names: {never}. Use other names in the application."
    return warning(CHECK, route, f"does not pass {', '.join(names)}", advice.rstrip())
