"""IRIS's native JWT mode without HTTP: the logins of one JWT-enabled REST application, each with its pair of tokens. No I/O.

IRIS keeps the hashes of one access and one refresh token for each login (`sid`), so a refresh kills both old ones at once.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from iris_standin.authority import Authority
from iris_standin.clinic.bearer import Caller
from iris_standin.clinic.errors import CspError

ALGORITHM = "ES256"  # Security.System.JWTSigAlg, by default
INSTANCE = "IRIS"


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeLogin:
    """One login (a row of %SYS.TokenAuth).

    Attributes:
        issued_at: Epoch seconds; with the fraction that IRIS leaves in `iat`.
        expires_at, refresh_expires_at: Ends of the two tokens; whole epoch seconds.
    """

    sid: str
    subject: str
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    issued_at: float = 0.0
    expires_at: int = 0
    refresh_expires_at: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the answer of /login and /refresh: not enveloped, in IRIS's order."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "sub": self.subject,
            "iat": self.issued_at,
            "exp": self.expires_at,
        }


class NativeApplication:
    """A REST application with JWTAuthEnabled = 1, at `path`."""

    def __init__(self, authority: Authority, path: str) -> None:
        self.authority = authority
        self.path = path
        self._key = ECKey.generate_key("P-256")
        self._logins: dict[str, NativeLogin] = {}
        self._browsers: dict[str, str] = {}  # CSPBrowserId -> user of the group login (GroupById)

    @property
    def logins(self) -> list[NativeLogin]:
        """The logins that live, the oldest first; several of one user may stand beside each other."""
        return list(self._logins.values())

    def log_in(self, user: str, password: str) -> NativeLogin | None:
        """Return a new login; None if the name is unknown or the password does not fit: nobody can tell which."""
        known = self.authority.authenticate_user(user, password)
        return self._issue(NativeLogin(sid=secrets.token_hex(16), subject=known.username)) if known else None

    def mint(self, browser_id: str) -> NativeLogin | None:
        """Return a new login for whoever logged in with this CSPBrowserId, without any password; None if nobody did."""
        user = self._browsers.get(browser_id)
        return self._issue(NativeLogin(sid=secrets.token_hex(16), subject=user)) if user else None

    def join_group(self, browser_id: str, user: str) -> str:
        """Remember the browser's login for applications of the same group; return its CSPBrowserId, a new one if need be."""
        browser_id = browser_id or secrets.token_hex(16)
        self._browsers[browser_id] = user
        return browser_id

    def refresh(self, refresh_token: str) -> NativeLogin | None:
        """Return the login with new tokens, and kill both old ones; None if this is not the refresh token of a living one."""
        login = self._find(lambda login: login.refresh_token == refresh_token)
        if login is None or self.authority.now() >= login.refresh_expires_at:
            return None
        return self._issue(login)

    def log_out(self, access_token: str, browser_id: str = "") -> bool:
        """End the login of a living access token, and the group login of the browser with it; tell whether there was one."""
        login = self.by_access_token(access_token)
        if login is None:
            return False
        self._browsers.pop(browser_id, None)
        del self._logins[login.sid]
        return True

    def revoke(self, access_token: str, refresh_token: str) -> bool:
        """End the login that both tokens belong to; tell whether they do."""
        login = self.by_access_token(access_token)
        return login is not None and login.refresh_token == refresh_token and self.log_out(access_token)

    def end_user(self, user: str) -> None:
        """End all logins of a user, as an administrator does."""
        self._logins = {sid: login for sid, login in self._logins.items() if login.subject != user}
        self._browsers = {browser: subject for browser, subject in self._browsers.items() if subject != user}

    def by_access_token(self, token: str) -> NativeLogin | None:
        """Return the login whose living access token this is; None for one that was replaced, ended, expired or invented."""
        login = self._find(lambda login: login.access_token == token)
        return login if login and self.authority.now() < login.expires_at else None

    def authenticate(self, authorization: str, _query_token: str) -> Caller:
        """Return who calls a resource of the application; a token that was replaced or ended is refused at once.

        Raises:
            CspError: 401.
        """
        scheme, _, token = authorization.partition(" ")
        login = self.by_access_token(token.strip()) if scheme.lower() == "bearer" else None
        if login is None or not self.authority.options.native_enabled:
            raise CspError(401, "InvalidAccessToken" if token else "NoAccessToken", challenge=scheme or "Basic")
        return Caller(login.subject, token)

    def _issue(self, login: NativeLogin) -> NativeLogin:
        now, options = round(self.authority.now(), 2), self.authority.options
        ends = int(now) + options.native_access_seconds, int(now) + options.native_refresh_seconds
        common = {"iat": now, "iss": f"{self._host}/{INSTANCE}", "sid": login.sid, "app": f"{self.path}/"}
        access = self._signed({**common, "exp": ends[0], "sub": login.subject})
        refresh = self._signed({**common, "exp": ends[1]})
        self.authority.remember("access_token", access)
        self.authority.remember("refresh_token", refresh)
        tokens = {"access_token": access, "refresh_token": refresh}
        login = replace(login, **tokens, issued_at=now, expires_at=ends[0], refresh_expires_at=ends[1])
        self._logins[login.sid] = login
        return login

    @property
    def _host(self) -> str:
        return self.authority.issuer.partition("://")[2].partition("/")[0]

    def _signed(self, claims: dict[str, Any]) -> str:
        """Return a JWT without a key id: IRIS publishes no key for these tokens, which only it can check."""
        return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, self._key, [ALGORITHM])

    def _find(self, fits: Callable[[NativeLogin], bool]) -> NativeLogin | None:
        return next((login for login in self._logins.values() if fits(login)), None)
