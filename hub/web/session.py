"""`GET /hub/session` and `POST /hub/logout`: the session as the page may see it, and the logout."""

from typing import Any

import msgspec

from hub.errors import LOGIN_URL, BadRequest, NotAuthenticated
from hub.login.logout import Logout
from hub.primitives.clock import Clock
from hub.primitives.json_decoder import JsonDecoder, UnexpectedJson, UnreadableJson
from hub.session.cookie import XSRF_COOKIE, xsrf_token
from hub.session.model import Session, SessionId
from hub.session.sessions import Sessions
from hub.web import csrf
from hub.web.base import BaseHandler
from hub.web.hub_headers import IDENTITY_HEADER


class SessionHandler(BaseHandler):
    """Returns whether there is a session, its user and its times. Never returns a token."""

    sessions: Sessions
    clock: Clock

    async def get(self) -> None:
        self.no_store()
        csrf.require_own_origin(self.request.headers, self.site.origin)
        passive = self.get_query_argument("passive", "") == "1"
        session_id = self.session_id
        try:
            session = await self.sessions.confirmed(session_id, passive=passive)
        except NotAuthenticated as error:
            self.write_json({"authenticated": False, "login_url": LOGIN_URL, **_reason(error)})
            return
        if not session.is_replaced:  # else the browser has a newer session cookie, and the XSRF cookie for it
            self._restore_xsrf_cookie(session_id)
        self.write_json(self._describe(session))

    def _restore_xsrf_cookie(self, session_id: SessionId | None) -> None:
        """Set the XSRF cookie again if the page lost it or it belongs to an earlier session."""
        if session_id is not None and self.get_cookie(XSRF_COOKIE) != xsrf_token(session_id):
            self.set_cookies([self.site.cookies.set_xsrf(session_id)])

    def _describe(self, session: Session) -> dict[str, Any]:
        now, lifetimes, tokens = self.clock.now(), self.sessions.lifetimes, session.tokens
        warned_at = lifetimes.warned_at(session)
        return {
            "authenticated": True,
            "identity": session.identity,
            "subject": session.subject,
            "name": session.name,
            "claims": session.claims,
            "idle_expires_in": round(lifetimes.idle_end(session) - now, 3),
            "absolute_expires_in": round(lifetimes.absolute_end(session) - now, 3),
            "warning_in": None if warned_at is None else round(max(warned_at - now, 0.0), 3),
            "token_expires_in": None if tokens.expires_at is None else round(tokens.expires_at - now, 3),
            "login_url": LOGIN_URL,
            "logout_url": "/hub/logout",
        }


class LogoutWish(msgspec.Struct, frozen=True):
    """The body of a logout request. Other members are ignored."""

    everywhere: bool = False


_decode_wish = JsonDecoder[LogoutWish | None](LogoutWish | None).decode


class LogoutHandler(BaseHandler):
    """Ends the session, and returns the URL to which the page has to go, which ends the session at the provider too."""

    logout: Logout
    sessions: Sessions

    async def post(self) -> None:
        self.no_store()
        session_id = self.session_id
        csrf.require_csrf_token(self.request.headers, self.site.origin, session_id)
        everywhere = self._is_everywhere()
        await self._require_same_user(session_id)
        destination = "/"
        if session_id is not None:
            destination = await self.logout.end(session_id, self.client_address, everywhere=everywhere)
        self.set_cookies(self.site.cookies.clear_session())
        self.clear_browser_cache()
        self.write_json({"redirect_to": destination})

    def _is_everywhere(self) -> bool:
        """Return whether to end all sessions of the user: `?everywhere=1`, or `{"everywhere": true}` as JSON.

        Raises:
            BadRequest: The JSON is malformed, or `everywhere` is not a boolean. No session has ended.
        """
        if self.get_query_argument("everywhere", "") == "1":
            return True
        if not self.request.body or not self.request.headers.get("Content-Type", "").startswith("application/json"):
            return False
        try:
            wish = _decode_wish(self.request.body)
        except UnexpectedJson as error:
            raise BadRequest("everywhere: must be true or false.") from error
        except UnreadableJson as error:
            raise BadRequest(f"The body is not valid JSON: {error}.") from error
        return wish is not None and wish.everywhere

    async def _require_same_user(self, session_id: SessionId | None) -> None:
        """Reject a logout by the page of an earlier user.

        Raises:
            IdentityChanged: Another user has logged in since the page was loaded.
        """
        claimed = self.request.headers.get(IDENTITY_HEADER)
        if claimed is None or session_id is None:
            return
        try:
            session = await self.sessions.by_key(session_id.key)
        except NotAuthenticated:
            return  # no session: only the cookies are deleted
        session.require_identity(claimed)


def _reason(error: NotAuthenticated) -> dict[str, Any]:
    reason = error.extensions.get("reason")
    return {} if reason is None else {"reason": reason, "detail": error.detail}
