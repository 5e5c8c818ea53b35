"""How a session appears in lists, before its user and before operators. Pure. Never a token."""

from typing import Any

from hub.session.model import Lifetimes, Session


def describe(session: Session, lifetimes: Lifetimes, now: float) -> dict[str, Any]:
    """Return what the user may read about one of their sessions. Times are seconds, counted from `now`.

    `handle` names the session and opens nothing. `inactive_for` may be `Lifetimes.touch_interval_seconds` too long.
    """
    return {
        "handle": session.key,
        "provider": session.provider,
        "client": session.client,
        "address": session.address,
        "age": round(now - session.created_at, 3),
        "inactive_for": round(now - session.touched_at, 3),
        "idle_expires_in": round(lifetimes.idle_end(session) - now, 3),
        "absolute_expires_in": round(lifetimes.absolute_end(session) - now, 3),
    }


def describe_to_operator(session: Session, lifetimes: Lifetimes, now: float) -> dict[str, Any]:
    """Return the same with the name of the user."""
    user = {"subject": session.subject, "issuer": session.issuer, "name": session.name}
    return {**user, **describe(session, lifetimes, now)}
