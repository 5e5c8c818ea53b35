"""`/authorize`: the redirect to itself, the login form and the consent page."""

from urllib.parse import urlencode

from iris_standin import authorization
from iris_standin.authorization import SCOPE_MEANINGS
from iris_standin.errors import AuthorizationRefused, UnexpectedRequest
from iris_standin.model import AuthorizationRequest, Transaction
from iris_standin.web.base import SESSION_COOKIE, AuthorityHandler


class AuthorizeHandler(AuthorityHandler):
    """GET begins or shows a transaction, POST takes its forms (or begins one, OpenID Connect Core section 3.1.2.1)."""

    def get(self) -> None:
        """Begin a transaction, or show the stage that it is at."""
        if "AuthorizationCode" in self.request.arguments:
            self._show(self._transaction())
        else:
            self._begin()

    def post(self) -> None:
        """Take a form: `Login` goes on to the next stage, `Accept` also consents, `Cancel` ends it."""
        if "AuthorizationCode" not in self.request.arguments:
            self._begin()
            return
        transaction = self._transaction()
        form = self.form()
        if "Cancel" in form:
            self.authority.state.end_transaction(transaction.code)
            self._refuse(transaction.request, AuthorizationRefused("access_denied", "the person cancelled"))
            return
        if transaction.stage == "login":
            transaction = authorization.log_in(
                self.authority, transaction, form.get("Username", ""), form.get("Password", ""), self.session()
            )
            if transaction.sid:
                self.set_session_cookie(transaction.sid)
        if transaction.stage == "permission" and "Accept" in form:
            self._finish(transaction)
        else:
            self._go_on(transaction)

    def _begin(self) -> None:
        parameters = self.parameters()
        bare = authorization.return_target(self.authority, parameters)
        try:
            request = authorization.complete_request(self.authority, bare, parameters)
            transaction = authorization.begin(self.authority, request, self.session(), parameters)
        except AuthorizationRefused as error:
            self._refuse(bare, error)
            return
        self._go_on(transaction)

    def _transaction(self) -> Transaction:
        transaction = self.authority.state.transaction(self.get_argument("AuthorizationCode"))
        if transaction is None:
            raise UnexpectedRequest("AuthorizationCode")
        return transaction

    def _go_on(self, transaction: Transaction) -> None:
        if transaction.stage == "done":
            self._finish(transaction)
            return
        own = {"AuthorizationCode": transaction.code, "stage": transaction.stage_name}
        self.redirect(f"{self.authority.issuer}/authorize?{urlencode({**own, **transaction.parameters})}")

    def _show(self, transaction: Transaction) -> None:
        name = "login" if transaction.stage == "login" else "consent"
        scopes = {scope: SCOPE_MEANINGS.get(scope, scope) for scope in transaction.request.scopes}
        session = self.authority.state.session(transaction.sid, self.authority.now())
        self.page(
            name,
            transaction=transaction,
            scopes=scopes,
            username=session.username if session else "",
            action="authorize",
        )

    def _finish(self, transaction: Transaction) -> None:
        try:
            self._respond(transaction.request, authorization.finish(self.authority, transaction))
        except AuthorizationRefused as error:
            self.clear_cookie(SESSION_COOKIE, path="/")
            self._refuse(transaction.request, error)

    def _refuse(self, request: AuthorizationRequest, error: AuthorizationRefused) -> None:
        parameters = {"error": error.error, **authorization.state_of(request)}
        if error.description:
            parameters["error_description"] = error.description
        self._respond(request, parameters)

    def _respond(self, request: AuthorizationRequest, parameters: dict[str, str]) -> None:
        if request.response_mode == "form_post":
            self.page("form_post", action=request.redirect_uri, parameters=parameters)
        else:
            self.redirect(authorization.response_url(request, parameters))
