"""`GET /hub/sessions` and `DELETE /hub/sessions/<handle>`: users list and end their own sessions."""

from hub.errors import NotFound
from hub.gateway.policy import step_up
from hub.primitives.clock import Clock
from hub.session.ends import require_own_id
from hub.session.listing import describe
from hub.session.model import Session
from hub.session.sessions import Sessions
from hub.web import csrf
from hub.web.base import BaseHandler
from hub.web.hub_headers import IDENTITY_HEADER


class OwnSessionsHandler(BaseHandler):
    """Base of both handlers: the sessions of the present user."""

    sessions: Sessions
    clock: Clock
    manage_max_age_seconds: float

    async def present(self, *, passive: bool = False) -> Session:
        """Return the session of this browser, if the page belongs to the same user.

        Raises:
            NotAuthenticated, SessionEnded: There is no session, or only one that has replaced the session of this cookie.
            IdentityChanged: Another user has logged in since the page was loaded.
            StoreUnavailable: Redis does not respond.
        """
        session = await self.sessions.confirmed(self.session_id, passive=passive)
        require_own_id(session)
        session.require_identity(self.request.headers.get(IDENTITY_HEADER))
        return session

    async def own(self, present: Session) -> list[Session]:
        """Return all valid sessions of the same user, the latest first."""
        return await self.sessions.of_user(present.issuer, present.subject)


class SessionListHandler(OwnSessionsHandler):
    """Lists the user's sessions. The session of this browser is `current`."""

    async def get(self) -> None:
        self.no_store()
        csrf.require_own_origin(self.request.headers, self.site.origin)
        present = await self.present(passive=self.get_query_argument("passive", "") == "1")
        now, lifetimes = self.clock.now(), self.sessions.lifetimes
        listed = [
            {**describe(session, lifetimes, now), "current": session.key == present.key} for session in await self.own(present)
        ]
        self.write_json({"sessions": listed})


class SessionEndHandler(OwnSessionsHandler):
    """Ends one of the user's sessions."""

    async def delete(self, handle: str) -> None:
        self.no_store()
        csrf.require_csrf_token(self.request.headers, self.site.origin, self.session_id)
        present = await self.present()
        self._require_recent_login(present)
        if handle not in {session.key for session in await self.own(present)}:
            raise NotFound("You have no such session.")  # sessions of other users are not looked up
        is_current = handle == present.key
        await self.sessions.end(handle, "logout" if is_current else "elsewhere", address=self.client_address)
        if is_current:
            self.set_cookies(self.site.cookies.clear_session())
            self.clear_browser_cache()
        self.set_status(204)

    def _require_recent_login(self, session: Session) -> None:
        """Require a recent login for ending sessions (ASVS 7.5.2), if `session.manage_max_age_seconds` is set.

        Raises:
            StepUpRequired: The login is too old.
        """
        limit = self.manage_max_age_seconds
        if limit and session.is_login_older(limit, self.clock.now()):
            raise step_up(session, max_age=int(limit), acr_values="")
