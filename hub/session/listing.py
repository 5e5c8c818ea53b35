"""Describe sessions in lists for their users and for operators, without tokens. Pure."""

from typing import Any

from hub.session.model import Lifetimes, Session


def describe(session: Session, lifetimes: Lifetimes, now: float) -> dict[str, Any]:
    """Return the description of a session for its user. Times are seconds relative to `now` (epoch seconds).

    `handle` identifies the session and gives no access. `inactive_for` may be up to `Lifetimes.touch_interval_seconds` too long.
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
    """Return the description of `describe` together with the user's name and identifiers."""
    user = {"subject": session.subject, "issuer": session.issuer, "name": session.name}
    return {**user, **describe(session, lifetimes, now)}
