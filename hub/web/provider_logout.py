"""`GET /hub/frontchannel-logout` and `POST /hub/backchannel-logout`: where a provider tells the hub that a user has logged out.

Neither has a session cookie or a CSRF proof. The one is loaded in a frame of the provider's page and has to name issuer and
`sid`; the other comes from the provider itself and has to be signed.
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

# For each address, and only of requests that end nothing: behind one there may be a whole clinic, and all logouts of a provider
# come from its own.
MISSES_OF_BROWSERS = FailureLimit("frontchannel", 300, 60.0, 0.2, 0.2)
REFUSED_TOKENS = FailureLimit("backchannel", 1200, 60.0, 0.05, 0.05)


class ProviderLogoutHandler(BaseHandler):
    """What both have in common: what they are given."""

    provider_logout: ProviderLogout
    limiter: FailureLimiter

    async def forgive(self, limit: FailureLimit, who: str) -> None:
        """Take back what was counted. What was asked for is done by now, so that Redis going away changes nothing."""
        with suppress(StoreUnavailable):
            await self.limiter.give_back(limit, who)


class FrontChannelLogoutHandler(ProviderLogoutHandler):
    """Ends the sessions that the frame names (OpenID Connect Front-Channel Logout 1.0 section 3)."""

    async def get(self, provider: str | None = None) -> None:
        self.no_store()
        name = provider or MAIN_PROVIDER
        issuer, session_id = self._one("iss"), self._one("sid")
        who = network_of(self.client_address)
        await self.limiter.take(MISSES_OF_BROWSERS, who)
        if await self.provider_logout.by_browser(name, issuer, session_id):
            await self.forgive(MISSES_OF_BROWSERS, who)
        self._write_frame(issuer)

    def _one(self, name: str) -> str:
        """Return a parameter that stands in the URL exactly once. Others may stand there too: IRIS adds `IRISLogout=end`."""
        values = self.get_query_arguments(name, strip=False)
        if len(values) != 1 or not 0 < len(values[0]) <= MAX_NAME_CHARACTERS:
            raise BadRequest(f"{name}: must occur exactly once.")
        return values[0]

    def _write_frame(self, issuer: str) -> None:
        """Answer with an empty page that the provider's pages, and no others, may show in a frame."""
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
        except BadRequest as error:  # a mistake of the provider, or somebody who is not the provider
            facts = {"reason": error.detail, "provider": provider, "address": self.client_address}
            audit.record("audit.logout_refused", outcome="failure", **facts)
            raise

    def _token(self) -> Secret:
        if len(self.request.body) > MAX_FORM_BYTES:
            raise BodyTooLarge(f"The body may have at most {MAX_FORM_BYTES} bytes.")
        if self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != FORM_TYPE:
            raise BadRequest(f"The body has to be a form ({FORM_TYPE}).")
        values = self.get_body_arguments("logout_token")
        if len(values) != 1 or not values[0]:
            raise BadRequest("logout_token: must occur exactly once.")
        return Secret(values[0])

    def write_problem(self, error: HubError) -> None:
        """Write `error` in the form of OAuth 2.0, as section 2.8 wants it."""
        self.set_status(error.status)
        self.no_store()
        if error.retry_after_seconds is not None:
            self.set_header("Retry-After", str(math.ceil(error.retry_after_seconds)))
        if isinstance(error, MethodNotAllowed):
            self.set_header("Allow", ", ".join(error.extensions.get("allow", [])))
        code = "temporarily_unavailable" if error.temporary else "server_error" if error.status >= 500 else "invalid_request"
        self.write_json({"error": code, "error_description": error.detail or error.title})
