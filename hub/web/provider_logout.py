"""`GET /hub/frontchannel-logout` and `POST /hub/backchannel-logout`: the provider says that a user has logged out.

Neither request has a session cookie or a CSRF token. The first is loaded in a frame of the provider's page and must name issuer
and `sid`. The second comes from the provider's server and must be signed.
"""

import math
from contextlib import suppress
from urllib.parse import urlsplit

from hub.config.settings import MAIN_PROVIDER
from hub.errors import BadRequest, BodyTooLarge, HubError, MethodNotAllowed, StoreUnavailable
from hub.login.provider_logout import ProviderLogout
from hub.primitives.secret import Secret
from hub.session.failure_limit import FailureLimit, FailureLimiter, network_of
from hub.telemetry import audit
from hub.web.base import BaseHandler

MAX_FORM_BYTES = 16384
MAX_NAME_CHARACTERS = 512
FORM_TYPE = "application/x-www-form-urlencoded"

# Per address. Only requests that end no session count: a whole clinic may share an address, and all back-channel logouts come
# from the address of the provider.
MISSES_OF_BROWSERS = FailureLimit("frontchannel", 300, 60.0, 0.2, 0.2)
REFUSED_TOKENS = FailureLimit("backchannel", 1200, 60.0, 0.05, 0.05)


class ProviderLogoutHandler(BaseHandler):
    """Base of both handlers."""

    provider_logout: ProviderLogout
    limiter: FailureLimiter

    async def forgive(self, limit: FailureLimit, who: str) -> None:
        """Undo the count of a request that ended a session. Errors of Redis do not matter here: the logout is done."""
        with suppress(StoreUnavailable):
            await self.limiter.give_back(limit, who)


class FrontChannelLogoutHandler(ProviderLogoutHandler):
    """Ends the sessions that the URL of the frame names (OpenID Connect Front-Channel Logout 1.0 section 3)."""

    async def get(self, provider: str | None = None) -> None:
        self.no_store()
        name = provider or MAIN_PROVIDER
        issuer, session_id = self._one("iss"), self._one("sid")
        who = network_of(self.client_address)
        await self.limiter.take(MISSES_OF_BROWSERS, who)
        if await self.provider_logout.by_browser(name, issuer, session_id):
            await self.forgive(MISSES_OF_BROWSERS, who)
            self.clear_browser_cache()
        self._write_frame(issuer)

    def _one(self, name: str) -> str:
        """Return a query parameter that must occur exactly once. Others are ignored: IRIS adds `IRISLogout=end`."""
        values = self.get_query_arguments(name, strip=False)
        if len(values) != 1 or not 0 < len(values[0]) <= MAX_NAME_CHARACTERS:
            raise BadRequest(f"{name}: must occur exactly once.")
        return values[0]

    def _write_frame(self, issuer: str) -> None:
        """Write an empty page that only the provider's pages may show in a frame."""
        parts = urlsplit(issuer)
        policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {parts.scheme}://{parts.netloc}"
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write('<!doctype html><html lang="en"><title>Logged out</title></html>')


class BackChannelLogoutHandler(ProviderLogoutHandler):
    """Ends the sessions that a logout token names (OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8)."""

    async def post(self, provider: str | None = None) -> None:
        self.no_store()
        token = self._token()
        who = network_of(self.client_address)
        await self.limiter.take(REFUSED_TOKENS, who)
        await self._log_out(provider or MAIN_PROVIDER, token)
        await self.forgive(REFUSED_TOKENS, who)

    async def _log_out(self, provider: str, token: Secret) -> None:
        try:
            await self.provider_logout.by_token(provider, token)
        except BadRequest as error:  # a mistake of the provider, or a forged request
            facts = {"reason": error.detail, "provider": provider, "address": self.client_address}
            audit.record("audit.logout_refused", outcome="failure", **facts)
            raise

    def _token(self) -> Secret:
        if len(self.request.body) > MAX_FORM_BYTES:
            raise BodyTooLarge(f"The body may have at most {MAX_FORM_BYTES} bytes.")
        if self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != FORM_TYPE:
            raise BadRequest(f"The body must be a form ({FORM_TYPE}).")
        values = self.get_body_arguments("logout_token")
        if len(values) != 1 or not values[0]:
            raise BadRequest("logout_token: must occur exactly once.")
        return Secret(values[0])

    def write_problem(self, error: HubError) -> None:
        """Write `error` as an OAuth 2.0 error (section 2.8)."""
        self.set_status(error.status)
        self.no_store()
        if error.retry_after_seconds is not None:
            self.set_header("Retry-After", str(math.ceil(error.retry_after_seconds)))
        if isinstance(error, MethodNotAllowed):
            self.set_header("Allow", ", ".join(error.extensions.get("allow", [])))
        code = "temporarily_unavailable" if error.temporary else "server_error" if error.status >= 500 else "invalid_request"
        self.write_json({"error": code, "error_description": error.detail or error.title})
