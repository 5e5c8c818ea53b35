"""The authorization server without HTTP: tables, keys and clock together, and the issuing of tokens."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from iris_standin import tokens
from iris_standin.keys import InvalidToken, KeyRing
from iris_standin.model import Client, TokenRow, User, UserSession
from iris_standin.options import Options
from iris_standin.state import State
from iris_standin.users import claims_of

SecretKind = Literal["access_token", "refresh_token", "id_token", "code"]


class Authority:
    """Issues tokens and answers for them. Its protocol steps are in `authorization`, `grants` and `endpoints`.

    Attributes:
        options: The toggles in force; replaced as a whole.
        issuer: Known once the server listens.
        issued: Every secret given out, by kind, for tests that search for leaks; None unless asked for.
    """

    def __init__(
        self,
        options: Options,
        state: State,
        keys: KeyRing,
        clock: Callable[[], float],
        *,
        remember_secrets: bool = False,
    ) -> None:
        self.options = options
        self.state = state
        self.keys = keys
        self.issuer = ""
        self.issued: dict[SecretKind, dict[str, None]] | None = None  # dicts as ordered sets
        if remember_secrets:
            self.issued = {"access_token": {}, "refresh_token": {}, "id_token": {}, "code": {}}
        self._clock = clock
        self._started_at = clock()

    def known_clients(self) -> Mapping[str, Client]:
        """Return the clients as they may authenticate now: of one whose secret has expired nobody knows the secret."""
        seconds = self.options.client_secret_seconds
        if not seconds or self.now() < self._started_at + seconds:
            return self.state.clients
        clients = self.state.clients.values()
        return {client.client_id: replace(client, client_secret=tokens.new_token()) for client in clients}

    def now(self) -> float:
        """Return the time of the stand-in: epoch seconds, skewed by `clock_skew_seconds`."""
        return self._clock() + self.options.clock_skew_seconds

    def authenticate_user(self, username: str, password: str) -> User | None:
        """Return the user with this name and password; None if they do not fit."""
        user = self.state.users.get(username)
        return user if user and user.password == password else None

    def start_session(self, username: str, previous: UserSession | None) -> UserSession:
        """Log a user in; the session that the browser already has goes on if it belongs to the same user."""
        now = self.now()
        expires_at = now + self.options.session_seconds if self.options.session_seconds else None
        if previous and previous.username == username:
            session = replace(previous, auth_time=now, expires_at=expires_at)
        else:
            session = UserSession(sid=tokens.new_token(), username=username, auth_time=now, expires_at=expires_at)
        self.state.put_session(session)
        return session

    def remember(self, kind: SecretKind, value: str) -> None:
        """Note a secret that leaves the server, if that was asked for."""
        if value and self.issued is not None:
            self.issued[kind][value] = None

    def issue(self, row: TokenRow, *, refresh_token: str, id_token: bool, nonce: str = "") -> TokenRow:
        """Give `row` new tokens and store it; those that it had before are unknown from now on.

        Parameters:
            refresh_token: The one that the row has from now on; empty for none.
            id_token: Whether to make an ID token; without, the one that the row has stays.
            nonce: For the ID token.
        """
        now = self.now()
        client = self.state.clients[row.client_id]
        row = replace(
            row,
            redeemed=True,
            access_token_id=tokens.new_token_id(self.issuer),
            issued_at=now,
            access_expires_at=now + self.options.access_token_seconds,
            refresh_token=refresh_token,
        )
        if refresh_token and not self._knows_refresh_token(refresh_token):
            row = replace(row, refresh_expires_at=now + self.options.refresh_token_seconds)
        row = replace(row, access_token=self._access_token(row, client))
        if id_token:
            row = replace(row, id_token=self._id_token(row, client, nonce))
        self.state.put_row(row)
        self._remember_all(row)
        return row

    def access_row(self, token: str) -> TokenRow | None:
        """Return the row of an access token that is in force; None if it is unknown, replaced, revoked or expired."""
        row = self.state.row_by_access_token(token)
        return row if row and self.now() < row.access_expires_at else None

    def claims_offline(self, token: str) -> dict[str, Any]:
        """Return the claims of a JWT access token by signature, issuer and expiry alone, without asking the tables.

        Raises:
            InvalidToken: It is none of this issuer, or it has expired.
        """
        claims = self.keys.verify(token, self.options.signing_algorithm, lambda: self._client_secret_for(token))
        if claims.get("iss") != self.issuer:
            raise InvalidToken("another issuer")
        if self.now() >= claims.get("exp", 0):
            raise InvalidToken("expired")
        return claims

    def claims_of(self, username: str, scopes: Iterable[str]) -> dict[str, Any]:
        """Return what userinfo tells about a user: `sub`, and the claims of the scopes that have a value."""
        return {"sub": username, **claims_of(self.state.users.get(username), scopes)}

    def _knows_refresh_token(self, token: str) -> bool:
        return self.state.row_by_refresh_token(token) is not None

    def _access_token(self, row: TokenRow, client: Client) -> str:
        if self.options.opaque_access_token:
            return tokens.new_token()
        return self._signed(tokens.access_token_claims(row, self.issuer, self.options), client)

    def _id_token(self, row: TokenRow, client: Client, nonce: str) -> str:
        user = self.state.users.get(row.username)
        claims = user.claims if user else {}
        return self._signed(tokens.id_token_claims(row, self.issuer, nonce, claims, self.options), client)

    def _signed(self, claims: dict[str, Any], client: Client) -> str:
        return self.keys.sign(claims, self.options.signing_algorithm, client.client_secret)

    def _client_secret_for(self, token: str) -> str:
        row = self.state.row_by_access_token(token)
        return self.state.clients[row.client_id].client_secret if row else ""

    def _remember_all(self, row: TokenRow) -> None:
        self.remember("access_token", row.access_token)
        self.remember("refresh_token", row.refresh_token)
        self.remember("id_token", row.id_token)
