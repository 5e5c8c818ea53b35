"""Discovery, keys, userinfo, introspection, revocation and logout."""

from tornado.httputil import format_timestamp

from iris_standin import endpoints
from iris_standin.client_authentication import authenticate_confidential
from iris_standin.metadata import discovery_document
from iris_standin.web.base import SESSION_COOKIE, AuthorityHandler


class DiscoveryHandler(AuthorityHandler):
    """OpenID Connect Discovery section 4; the document is made anew for each request, as IRIS does."""

    def get(self) -> None:
        """Answer with the metadata."""
        if self.authority.options.clock_skew_seconds:
            self.set_header("Date", format_timestamp(self.authority.now()))
        self.finish(discovery_document(self.authority.issuer, self.authority.options))


class KeysHandler(AuthorityHandler):
    """The JWK Set."""

    def get(self) -> None:
        """Answer with the public keys."""
        self.finish(self.authority.keys.document(numeric_kid=self.authority.options.jwks_numeric_kid))


class UserinfoHandler(AuthorityHandler):
    """OpenID Connect Core section 5.3."""

    def get(self) -> None:
        """Answer with the claims of the token's person."""
        self.forbid_caching()
        self.finish(endpoints.userinfo(self.authority, self.bearer_token()))

    def post(self) -> None:
        """Do as GET does."""
        self.get()


class IntrospectionHandler(AuthorityHandler):
    """RFC 7662."""

    def post(self) -> None:
        """Answer whether a token is in force; confidential clients only."""
        form = self.form()
        authenticate_confidential(self.authority.known_clients(), self.authorization, form)
        self.forbid_caching()
        self.finish(endpoints.introspect(self.authority, form))


class RevocationHandler(AuthorityHandler):
    """RFC 7009."""

    def post(self) -> None:
        """Delete a token's row and answer 200 with nothing; confidential clients only."""
        form = self.form()
        client = authenticate_confidential(self.authority.known_clients(), self.authorization, form)
        endpoints.revoke(self.authority, client, form)
        self.finish()


class LogoutHandler(AuthorityHandler):
    """OpenID Connect RP-Initiated Logout section 2, with Front-Channel Logout section 3."""

    def get(self) -> None:
        """End the session and show the page that tells the clients."""
        page = endpoints.log_out(self.authority, self.parameters())
        if not self.authority.options.logout_bug_dp432190:
            self.clear_cookie(SESSION_COOKIE, path="/")
        self.page("logout", frames=page.frames, next_url=page.next_url)

    def post(self) -> None:
        """Do as GET does."""
        self.get()
