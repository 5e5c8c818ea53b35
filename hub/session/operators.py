"""What operators may do with sessions: find them and end them, whichever way they come in. Each such act is audited."""

import heapq
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from hub.errors import BadRequest, NotFound
from hub.session.model import Session
from hub.session.sessions import Sessions
from hub.telemetry import audit

HANDLE = re.compile(r"[0-9a-f]{64}")
SHORT_HANDLE = re.compile(r"[0-9a-f]{12,64}")  # from 12 characters on, which is what the log shows as `session_ref`


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts, for the audit.

    Attributes:
        door: `http` or `command`.
        address: Where the operator is, as far as the hub can tell.
    """

    door: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Which sessions are meant; what is empty does not restrict."""

    subject: str = ""
    issuer: str = ""
    provider: str = ""

    def match(self, session: Session) -> bool:
        """Tell whether the session is meant."""
        wanted = ((self.subject, session.subject), (self.issuer, session.issuer), (self.provider, session.provider))
        return all(want in ("", actual) for want, actual in wanted)


@dataclass(frozen=True, slots=True)
class Found:
    """Sessions, the latest login first; `more` if there are others beyond the limit."""

    sessions: list[Session]
    more: bool


class SessionDesk:
    """Sessions before operators. All methods raise `StoreUnavailable` when Redis does not answer."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def find(self, criteria: Criteria, limit: int, operator: Operator) -> Found:
        """Return at most `limit` of the living sessions that are meant."""
        latest: list[tuple[float, str, Session]] = []  # a heap: there may be far more sessions than anybody wants to read
        more = False
        async for session in self._matching(criteria):
            heapq.heappush(latest, (session.created_at, session.key, session))
            if len(latest) > limit:
                heapq.heappop(latest)
                more = True
        audit.record(
            "audit.operator_listed",
            door=operator.door,
            address=operator.address,
            subject=criteria.subject,
            issuer=criteria.issuer,
            provider=criteria.provider,
            sessions=len(latest),
        )
        return Found([session for _, _, session in sorted(latest, reverse=True)], more)

    async def end(self, handle: str, operator: Operator) -> Session:
        """End one session and return it as it was.

        Parameters:
            handle: Its key, or the beginning of it, if no other session has the same.

        Raises:
            BadRequest: The handle cannot be one, or is the beginning of several.
            NotFound: There is no such session.
        """
        key = await self._resolve(handle)
        session = await self._sessions.end(key, "operator", address=operator.address)
        if session is None:
            raise NotFound("There is no such session.")
        self._audit(operator, Criteria(subject=session.subject, issuer=session.issuer), ended=1)
        return session

    async def end_all(self, criteria: Criteria, operator: Operator) -> int:
        """End all sessions that are meant, and return how many there were."""
        count = 0
        async for session in self._matching(criteria):
            count += await self._sessions.end(session.key, "operator", address=operator.address) is not None
        self._audit(operator, criteria, ended=count)
        return count

    async def _matching(self, criteria: Criteria) -> AsyncIterator[Session]:
        """Yield each session that is meant, once: a scan of Redis may show a key twice."""
        if criteria.subject and criteria.issuer:
            for session in await self._sessions.of_user(criteria.issuer, criteria.subject):
                if criteria.match(session):
                    yield session
            return
        seen: set[str] = set()
        async for session in self._sessions.all():
            if criteria.match(session) and session.key not in seen:
                seen.add(session.key)
                yield session

    async def _resolve(self, handle: str) -> str:
        if HANDLE.fullmatch(handle):
            return handle
        if not SHORT_HANDLE.fullmatch(handle):
            raise BadRequest("A handle is 12 to 64 hexadecimal digits, as the list of sessions and the log show it.")
        keys = {session.key async for session in self._sessions.all(handle)}
        if len(keys) > 1:
            raise BadRequest("Several sessions begin like this; give more of the handle.")
        if not keys:
            raise NotFound("There is no such session.")
        return keys.pop()

    @staticmethod
    def _audit(operator: Operator, criteria: Criteria, *, ended: int) -> None:
        audit.record(
            "audit.operator_ended",
            door=operator.door,
            address=operator.address,
            subject=criteria.subject,
            issuer=criteria.issuer,
            provider=criteria.provider,
            sessions=ended,
        )
