"""The tables of the authorization server, in memory. Pure: decides nothing about protocols and reads no clock."""

from collections.abc import Iterable
from dataclasses import replace

from iris_standin.model import Client, TokenRow, Transaction, User, UserSession


class State:
    """Clients, users, sessions, transactions and token rows, each found by the strings that callers present."""

    def __init__(self, clients: Iterable[Client], users: Iterable[User]) -> None:
        self.clients = {client.client_id: client for client in clients}
        self.users = {user.username: user for user in users}
        self.registration_tokens: dict[str, str] = {}  # by client id, of clients that registered themselves
        self._sessions: dict[str, UserSession] = {}
        self._transactions: dict[str, Transaction] = {}
        self._rows: dict[str, TokenRow] = {}
        self._code_of: dict[str, str] = {}  # each token string in force -> code of its row
        self._spent: dict[str, str] = {}  # each refresh token that rotation replaced -> code of its row

    def session(self, sid: str, now: float) -> UserSession | None:
        """Return the living session with this id; None if there is none."""
        session = self._sessions.get(sid)
        return session if session and session.is_valid(now) else None

    def put_session(self, session: UserSession) -> None:
        """Add or replace a session."""
        self._sessions[session.sid] = session

    def grant(self, sid: str, client_id: str, scopes: Iterable[str]) -> None:
        """Remember in the session that the person consented to `scopes` for the client."""
        session = self._sessions[sid]
        granted = session.granted.get(client_id, frozenset()) | frozenset(scopes)
        self._sessions[sid] = replace(session, granted={**session.granted, client_id: granted})

    def transaction(self, code: str) -> Transaction | None:
        """Return the authorization request under way with this code; None if there is none."""
        return self._transactions.get(code)

    def put_transaction(self, transaction: Transaction) -> None:
        """Add or replace a transaction."""
        self._transactions[transaction.code] = transaction

    def end_transaction(self, code: str) -> None:
        """Forget a transaction."""
        self._transactions.pop(code, None)

    def row_by_code(self, code: str) -> TokenRow | None:
        """Return the row of an authorization code, used or not; None if there is none."""
        return self._rows.get(code)

    def row_by_access_token(self, token: str) -> TokenRow | None:
        """Return the row whose latest access token this is; None if there is none."""
        row = self._row_of(token)
        return row if row and row.access_token == token else None

    def row_by_refresh_token(self, token: str) -> TokenRow | None:
        """Return the row whose latest refresh token this is; None if there is none."""
        row = self._row_of(token)
        return row if row and row.refresh_token == token else None

    def row_by_id_token(self, token: str) -> TokenRow | None:
        """Return the row whose latest ID token this is, compared as a string; None if there is none."""
        row = self._row_of(token)
        return row if row and row.id_token == token else None

    def row_by_spent_refresh_token(self, token: str) -> TokenRow | None:
        """Return the row that once had this refresh token, before rotation replaced it; None if there is none."""
        return self._rows.get(self._spent.get(token, ""))

    def put_row(self, row: TokenRow) -> None:
        """Add or replace a row. Tokens that the new row no longer has are unknown from now on."""
        if old := self._rows.get(row.code):
            self._forget_tokens(old)
            if old.refresh_token and old.refresh_token != row.refresh_token:
                self._spent[old.refresh_token] = row.code
        self._rows[row.code] = row
        self._code_of.update(dict.fromkeys(_tokens(row), row.code))

    def remove_row(self, row: TokenRow) -> None:
        """Delete a row: its code and all its tokens are unknown from now on."""
        if old := self._rows.pop(row.code, None):
            self._forget_tokens(old)

    def group(self, sid: str) -> list[TokenRow]:
        """Return the rows of one session."""
        return [row for row in self._rows.values() if row.sid == sid]

    def end_group(self, sid: str) -> None:
        """Delete a session and all its rows."""
        self._sessions.pop(sid, None)
        for row in self.group(sid):
            self.remove_row(row)

    def end_user(self, username: str) -> None:
        """Delete all sessions of a user and all rows given in their name."""
        sids = {session.sid for session in self._sessions.values() if session.username == username}
        sids |= {row.sid for row in self._rows.values() if row.username == username}
        for sid in sids:
            self.end_group(sid)

    def _row_of(self, token: str) -> TokenRow | None:
        return self._rows.get(self._code_of.get(token, ""))

    def _forget_tokens(self, row: TokenRow) -> None:
        for token in _tokens(row):
            self._code_of.pop(token, None)


def _tokens(row: TokenRow) -> list[str]:
    return [token for token in (row.access_token, row.refresh_token, row.id_token) if token]
