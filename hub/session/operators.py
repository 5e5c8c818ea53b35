"""List and end sessions for operators, over HTTP and from the command line. Each action is audited."""

import heapq
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from hub.errors import BadRequest, NotFound
from hub.session.model import Session, SessionKeyMissing
from hub.session.sessions import Sessions
from hub.telemetry import audit

HANDLE = re.compile(r"[0-9a-f]{64}")
SHORT_HANDLE = re.compile(r"[0-9a-f]{12,64}")  # at least as long as `session_ref` in logs


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator, for the audit.

    Attributes:
        door: `http` or `command`.
        address: IP address of the operator; empty for the command line.
    """

    door: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """A filter of sessions. Empty members match all sessions."""

    subject: str = ""
    issuer: str = ""
    provider: str = ""

    def match(self, session: Session) -> bool:
        """Return whether the session matches."""
        wanted = ((self.subject, session.subject), (self.issuer, session.issuer), (self.provider, session.provider))
        return all(want in ("", actual) for want, actual in wanted)


@dataclass(frozen=True, slots=True)
class FoundSessions:
    """A list of sessions.

    Attributes:
        sessions: The latest login first.
        more: There are more sessions than the limit allows.
    """

    sessions: list[Session]
    more: bool


class SessionAdministration:
    """Lists and ends sessions. All methods raise `StoreUnavailable` when Redis does not respond."""

    def __init__(self, sessions: Sessions, issuers: Iterable[str]) -> None:
        """Parameters:
        issuers: The issuers whose users can log in.
        """
        self._sessions = sessions
        self._issuers = frozenset(issuers)

    async def find(self, criteria: Criteria, limit: int, operator: Operator) -> FoundSessions:
        """Return the latest sessions that match, at most `limit`."""
        latest: list[tuple[float, str, Session]] = []  # a heap of `limit` entries, because there may be very many sessions
        more = False
        async for session in self._matching(criteria):
            heapq.heappush(latest, (session.created_at, session.key, session))
            if len(latest) > limit:
                heapq.heappop(latest)
                more = True
        _audit("audit.operator_listed", operator, criteria, len(latest))
        return FoundSessions([session for _, _, session in sorted(latest, reverse=True)], more)

    async def end(self, handle: str, operator: Operator) -> Session:
        """End the session whose key is, or begins with, `handle`. Return its last state.

        Raises:
            BadRequest: The handle is malformed, or several sessions begin with it.
            NotFound: There is no such session, or this node lacks its session key.
        """
        key = await self._resolve(handle)
        try:
            session = await self._sessions.end(key, "operator", address=operator.address)
        except SessionKeyMissing as error:
            raise _not_opened(error.key_id) from error
        if session is None:
            raise NotFound("There is no such session.")
        _audit("audit.operator_ended", operator, Criteria(subject=session.subject, issuer=session.issuer), 1)
        return session

    async def end_all(self, criteria: Criteria, operator: Operator) -> int:
        """End all sessions that match, and return their number.

        Raises:
            BadRequest: A subject without issuer or provider, where users of several issuers, who may share it, can log in.
        """
        if criteria.subject and not criteria.issuer and not criteria.provider and len(self._issuers) > 1:
            known = " or ".join(sorted(self._issuers))
            raise BadRequest(f"subject: users of several issuers can log in. Add issuer ({known}), or provider.")
        count = 0
        async for session in self._matching(criteria):
            count += await self._sessions.end(session.key, "operator", address=operator.address) is not None
        _audit("audit.operator_ended", operator, criteria, count)
        return count

    async def _matching(self, criteria: Criteria) -> AsyncIterator[Session]:
        """Yield each session that matches once, although a scan of Redis may return a key twice."""
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
            if missing := await self._sessions.missing_keys_below(handle):
                raise _not_opened(min(missing))
            raise NotFound("There is no such session.")
        return keys.pop()


def _not_opened(key_id: str) -> NotFound:
    """Return the error for a session that only another node can open."""
    return NotFound(
        f"This node lacks the session key {key_id}, with which the session is encrypted, so nothing was done. "
        "Give it the key (session.key_dir or session.key_files), or end the session on another node."
    )


def _audit(event: audit.Event, operator: Operator, criteria: Criteria, sessions: int) -> None:
    audit.record(
        event,
        door=operator.door,
        address=operator.address,
        subject=criteria.subject,
        issuer=criteria.issuer,
        provider=criteria.provider,
        sessions=sessions,
    )
