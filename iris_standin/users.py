"""The people of the stand-in, and which of their claims a scope shows (OpenID Connect Core section 5.4)."""

from collections.abc import Iterable
from typing import Any

from iris_standin.model import User

USERS = (
    User("_SYSTEM", "SYS"),  # no claims: userinfo of users without data yields `sub` alone
    User("Admin", "SYS"),
    User(
        "alice",
        "alice-demo",
        {
            "name": "Alice Arden",
            "preferred_username": "alice",
            "email": "alice@clinic.example",
            "email_verified": True,
            "updated_at": 1767225600,
        },
    ),
    User(
        "bob",
        "bob-demo",
        {
            "name": "Bob Brook",
            "preferred_username": "bob",
            "email": "bob@clinic.example",
            "email_verified": False,
            "phone_number": "+43 1 5550100",
            "updated_at": 1767225600,
        },
    ),
)

SCOPE_CLAIMS = {
    "profile": ("name", "preferred_username", "updated_at"),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}


def claims_of(user: User | None, scopes: Iterable[str]) -> dict[str, Any]:
    """Return the claims of `user` that `scopes` allow and that have a value."""
    if user is None:
        return {}
    names = [name for scope in scopes for name in SCOPE_CLAIMS.get(scope, ())]
    return {name: user.claims[name] for name in names if name in user.claims}
