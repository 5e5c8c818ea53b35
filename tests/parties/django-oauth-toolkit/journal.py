"""What the provider was asked and what it gave out, read from outside of it: a Django middleware."""

import json
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponse

TOKENS = ("access_token", "refresh_token", "id_token")


class Journal:
    """Keeps one entry a request, and every secret that passed."""

    entries: ClassVar[list[dict[str, Any]]] = []
    issued: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the site answer, and take note of it."""
        response = self._get_response(request)
        match = request.resolver_match
        route = match.url_name if match is not None else None
        if route is not None and route != "journal":
            answer = _answer(response)
            self.entries.append(
                {
                    "route": route,
                    "method": request.method,
                    "status": response.status_code,
                    "error": answer.get("error"),
                    "grant_type": request.POST.get("grant_type"),
                    "members": sorted(answer) if route == "token" else [],
                }
            )
            self._keep_secrets(request, response, answer if route == "token" else {})
        return response

    def _keep_secrets(self, request: HttpRequest, response: HttpResponse, answer: dict[str, Any]) -> None:
        self.issued.extend((kind, answer[kind]) for kind in TOKENS if kind in answer)
        codes = parse_qs(urlsplit(response.get("Location", "")).query).get("code", [])
        self.issued.extend(("code", code) for code in codes)
        if verifier := request.POST.get("code_verifier"):
            self.issued.append(("code_verifier", verifier))


def _answer(response: HttpResponse) -> dict[str, Any]:
    """Return a JSON object that was answered; empty if it was something else."""
    try:
        answer = json.loads(response.content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
