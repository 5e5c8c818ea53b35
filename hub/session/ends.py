"""Reasons for which sessions end: the text for the user, and the actor for the audit. Pure."""

from hub.errors import SessionEnded
from hub.session.model import EndReason, Session

END_DETAILS: dict[str, str] = {
    "logout": "You have logged out.",
    "idle": "You were logged out because you did nothing for a while.",
    "absolute": "The longest time of one login is over.",
    "refused": "The login service has ended your login.",
    "no_refresh_token": "The login service lets this login last no longer.",
    "identity": "The login service named another user for this session, so it was ended.",
    "replaced": "You have logged in again.",
    "other_user": "Another user has logged in in this browser.",
    "elsewhere": "You have ended this session from another one.",
    "operator": "An operator has ended your session.",
    "provider": "You have logged out at the login service.",
    "last_channel": "The last window of the application was closed.",
}

BY_USER: frozenset[EndReason] = frozenset({"logout", "elsewhere", "replaced", "other_user"})
BY_PROVIDER: frozenset[EndReason] = frozenset({"provider", "refused", "no_refresh_token", "identity"})


def ended(reason: EndReason) -> SessionEnded:
    """Return the error that tells the user why the session has ended."""
    return SessionEnded(END_DETAILS[reason], reason=reason)


def require_own_id(session: Session) -> None:
    """Check that the browser has sent the session's own ID, not that of the session which it has replaced.

    Raises:
        SessionEnded: It has not. Whatever goes on after the grace, or ends sessions, needs the new cookie.
    """
    if session.is_replaced:
        raise ended("replaced")


def ended_by(reason: EndReason) -> str:
    """Return the actor who ended the session: `user`, `provider`, `operator` or `hub`. For the audit."""
    if reason in BY_USER:
        return "user"
    if reason in BY_PROVIDER:
        return "provider"
    return "operator" if reason == "operator" else "hub"
