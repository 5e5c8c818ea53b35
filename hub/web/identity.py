"""Does the page still speak for the user who is logged in? Pure.

All tabs of a browser share one cookie. When another user logs in in one tab, the others still show the former user's data, and
what is clicked there must not run in the new user's name. A page that repeats the `identity` it was loaded with is safe.
"""

from collections.abc import Mapping

from hub.errors import IdentityChanged
from hub.session.model import Session

IDENTITY_HEADER = "x-hub-identity"


def require_identity(headers: Mapping[str, str], session: Session | None) -> None:
    """Check that a page which names its user names the one of the session. A page that names none is not checked.

    Parameters:
        headers: By lower-case names, or by names in any case.

    Raises:
        IdentityChanged: Another user is logged in than the page was loaded for.
    """
    identity = headers.get(IDENTITY_HEADER)
    if identity is not None and session is not None and identity != session.identity:
        raise IdentityChanged("Another user has logged in in this browser. Reload the page; nothing was done.")
