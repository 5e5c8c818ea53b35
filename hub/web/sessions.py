"""`GET /hub/sessions` and `DELETE /hub/sessions/<handle>`: users see where they are logged in, and end what they do not know."""

from hub.errors import NotFound
from hub.gateway.policy import step_up
from hub.primitives.clock import Clock
from hub.session.listing import describe
from hub.session.model import Session
from hub.session.sessions import Sessions
from hub.web import csrf
from hub.web.base import BaseHandler
from hub.web.hub_headers import IDENTITY_HEADER


class OwnSessionsHandler(BaseHandler):
    """What both requests share: whose sessions they are."""

    sessions: Sessions
    clock: Clock
    manage_max_age_seconds: float

    async def present(self, *, passive: bool = False) -> Session:
        """Return the session of this browser, if the page still belongs to it.

        Raises:
            NotAuthenticated, SessionEnded: There is none.
            IdentityChanged: Another user has logged in.
            StoreUnavailable: Nobody knows.
        """
        session = await self.sessions.confirmed(self.session_id, passive=passive)
        session.require_identity(self.request.headers.get(IDENTITY_HEADER))
        return session

    async def own(self, present: Session) -> list[Session]:
        """Return all living sessions of the same user, the latest first."""
        return await self.sessions.of_user(present.issuer, present.subject)


class SessionListHandler(OwnSessionsHandler):
    """Lists the user's sessions; one of them is `current`."""

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
            raise NotFound("You have no such session.")  # whether somebody else has is not looked up
        is_current = handle == present.key
        await self.sessions.end(handle, "logout" if is_current else "elsewhere", address=self.client_address)
        if is_current:
            self.set_cookies(self.site.cookies.clear_session())
        self.set_status(204)

    def _require_recent_login(self, session: Session) -> None:
        """See to it that whoever ends sessions has proved lately who they are (ASVS 7.5.2), if the settings ask for it.

        Raises:
            StepUpRequired: They have not.
        """
        limit = self.manage_max_age_seconds
        if limit and session.is_login_older(limit, self.clock.now()):
            raise step_up(session, max_age=int(limit), acr_values="")
