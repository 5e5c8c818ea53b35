"""A browser and a client in one: walks through the stand-in's pages and calls its endpoints."""

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from iris_standin import Standin

CLIENT_ID, CLIENT_SECRET = "hub", "a-secret-of-the-hub-with-enough-characters-for-HS512-0123456789abcdef"
REDIRECT_URI = "http://localhost:8080/hub/callback"
AFTER_LOGOUT = "http://localhost:8080/"
CODE_VERIFIER = "verifier-" + "0123456789" * 5

Parameters = dict[str, str]


class Browser:
    """Keeps cookies, follows nothing by itself."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def close(self) -> None:
        """Close the connections."""
        await self.http.close()

    def request_parameters(self, **changes: str) -> Parameters:
        """Return an ordinary authorization request; an empty value leaves a parameter out."""
        parameters = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "scope": "openid profile offline_access",
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge": create_s256_code_challenge(CODE_VERIFIER),
            "code_challenge_method": "S256",
        } | changes
        return {name: value for name, value in parameters.items() if value}

    async def get(self, url: str, **parameters: str) -> tuple[int, str, str]:
        """Return status, Location and text of a page of the authorization server."""
        url = url if url.startswith("http") else f"{self.standin.issuer}{url}"
        async with self.http.get(url, params=parameters or None, allow_redirects=False) as response:
            return response.status, response.headers.get("Location", ""), await response.text()

    async def post(self, url: str, form: Parameters) -> tuple[int, str, str]:
        """Return status, Location and text after sending a form."""
        url = url if url.startswith("http") else f"{self.standin.issuer}{url}"
        async with self.http.post(url, data=form, allow_redirects=False) as response:
            return response.status, response.headers.get("Location", ""), await response.text()

    async def log_in(self, *, username: str = "alice", password: str = "", **changes: str) -> Parameters:
        """Walk through login form and consent page; return the parameters of the authorization response."""
        _, location, _ = await self.get("/authorize", **self.request_parameters(**changes))
        while location.startswith(self.standin.issuer):
            _, _, page = await self.get(location)
            form = hidden_fields(page)
            if 'name="Login"' in page:
                form |= {"Username": username, "Password": password or f"{username}-demo", "Login": "Login"}
            else:
                form |= {"Accept": "Accept"}
            _, location, _ = await self.post("/authorize", form)
        assert location.startswith(changes.get("redirect_uri", REDIRECT_URI))
        return response_parameters(location)

    async def token(self, form: Parameters, *, client_id: str = CLIENT_ID) -> tuple[int, dict[str, Any]]:
        """Return status and members of a token response; the client authenticates with Basic."""
        return await self.form_with_basic("/token", form, client_id=client_id)

    async def form_with_basic(
        self, path: str, form: Parameters, *, client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET
    ) -> tuple[int, dict[str, Any]]:
        """Return status and members of an answer to a form sent with Basic authentication."""
        headers = {"Authorization": aiohttp.encode_basic_auth(client_id, client_secret)}
        async with self.http.post(f"{self.standin.issuer}{path}", data=form, headers=headers) as response:
            is_json = response.content_type == "application/json"
            return response.status, await response.json() if is_json else {}

    async def exchange(self, code: str, **changes: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return await self.token(form | {"code_verifier": CODE_VERIFIER} | changes)

    async def tokens(self, **changes: str) -> dict[str, Any]:
        """Log in and return the members of the token response."""
        response = await self.log_in(**changes)
        status, members = await self.exchange(response["code"])
        assert status == 200, members
        return members

    async def tokens_of_other(self) -> dict[str, Any]:
        """Log in at a second client of the same browser and return the members of its token response."""
        response = await self.log_in(client_id="other")
        form = {"grant_type": "authorization_code", "code": response["code"], "redirect_uri": REDIRECT_URI}
        _, members = await self.token(form | {"code_verifier": CODE_VERIFIER}, client_id="other")
        return members

    async def refresh(self, refresh_token: str, **changes: str) -> tuple[int, dict[str, Any]]:
        """Refresh."""
        return await self.token({"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})

    async def json(self, url: str, token: str = "") -> tuple[int, Any]:
        """Return status and document of a GET with a Bearer token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.http.get(url, headers=headers) as response:
            return response.status, await response.json(content_type=None)


def hidden_fields(page: str) -> Parameters:
    """Return the hidden fields of a form."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def response_parameters(location: str) -> Parameters:
    """Return the parameters of an authorization response in query or fragment."""
    url = urlsplit(location)
    return dict(parse_qsl(url.query or url.fragment))
