"""The stand-in as one object: build it, start it, move its toggles, stop it."""

import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler, StaticFileHandler

from iris_standin.authority import Authority
from iris_standin.clinic import bearer
from iris_standin.clinic.base import Clinic
from iris_standin.clinic.news import News
from iris_standin.clinic.records import Records
from iris_standin.clinic.routes import clinic_routes
from iris_standin.csp import CspGateway
from iris_standin.fhir import FHIR_PATH, fhir_routes
from iris_standin.journal import Journal
from iris_standin.keys import KeyRing
from iris_standin.model import Client, User
from iris_standin.native import NativeApplication
from iris_standin.options import Options
from iris_standin.proof import Proofs
from iris_standin.state import State
from iris_standin.users import USERS
from iris_standin.web import authorize, endpoints, registration, simulation, token
from iris_standin.web.native import native_routes

MAX_BODY_BYTES = 2 * 1024**3

PAGES = Path(__file__).with_name("pages")


class Standin:
    """An authorization server and its REST application on one port.

    Attributes:
        journal: What was asked of the token endpoint, the native JWT endpoints and the REST applications.
        records: The data of the REST applications.
        news: Who hears of changes of these data; nobody at first.
    """

    def __init__(
        self,
        options: Options | None = None,
        clients: Iterable[Client] = (),
        users: Iterable[User] = USERS,
        prefix: str = "",
        *,
        now: Callable[[], float] = time.time,
        expose_secrets: bool = False,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare a stand-in that does not listen yet.

        Parameters:
            prefix: Path of the Web Gateway instance before `/oauth2` and `/csp`, such as `authserver`.
            now: Where the time comes from; epoch seconds.
            expose_secrets: Remember every secret given out, and serve them under `/__sim/issued`.
            ssl_context: Serve HTTPS with it.
        """
        state = State(clients, users)
        self._authority = Authority(options or Options(), state, KeyRing(), now, remember_secrets=expose_secrets)
        self._ssl_context = ssl_context
        self._prefix = f"/{prefix.strip('/')}" if prefix.strip("/") else ""
        self._server: HTTPServer | None = None
        self._url = ""
        self._native = NativeApplication(self._authority, f"{self._prefix}/api/app")
        self._gateway = CspGateway(lambda: self._authority.options, self._authority.now)
        self._proofs = Proofs()
        self.journal = Journal()
        self.records = Records()
        self.news = News()

    @property
    def options(self) -> Options:
        """The toggles in force; assign others to change them from the next request on."""
        return self._authority.options

    @options.setter
    def options(self, options: Options) -> None:
        self._authority.options = options

    def change(self, **changes: Any) -> None:
        """Change single toggles.

        Raises:
            OptionsError: A name is unknown or a value does not fit.
        """
        self.options = self.options.changed(changes)

    @property
    def url(self) -> str:
        """Scheme, host and port.

        Raises:
            RuntimeError: The stand-in was not started.
        """
        if not self._url:
            raise RuntimeError("the stand-in has no address before it is started")
        return self._url

    @property
    def issuer(self) -> str:
        """The issuer identifier of the authorization server."""
        return f"{self.url}{self._prefix}/oauth2"

    @property
    def clinic_url(self) -> str:
        """The base URL of the REST application."""
        return f"{self.url}{self._prefix}/csp/clinic"

    @property
    def native_url(self) -> str:
        """The base URL of the REST application that logs its users in itself (native JWT mode)."""
        return f"{self.url}{self._native.path}"

    @property
    def fhir_url(self) -> str:
        """The base URL of the FHIR server."""
        return f"{self.url}{self._prefix}{FHIR_PATH}"

    @property
    def licenses(self) -> CspGateway:
        """The CSP sessions of all applications, and the licence units that they take."""
        return self._gateway

    @property
    def native_logins(self) -> int:
        """How many logins of the native JWT mode live."""
        return len(self._native.logins)

    @property
    def issued(self) -> dict[str, list[str]]:
        """Every secret given out, by kind (`access_token`, `refresh_token`, `id_token`, `code`); needs expose_secrets."""
        return {kind: list(values) for kind, values in (self._authority.issued or {}).items()}

    def end_sessions(self, username: str) -> None:
        """End every session of a user with all its tokens, as an administrator does: the next refresh is refused."""
        self._authority.state.end_user(username)
        self._native.end_user(username)

    def replace_client_secret(self, client_id: str, secret: str) -> None:
        """Give a client another secret, as an administrator does; the old one is refused from now on."""
        clients = self._authority.state.clients
        clients[client_id] = replace(clients[client_id], client_secret=secret)

    def rotate_keys(self, *, drop_old: bool = False) -> None:
        """Sign with new keys from now on; the old ones stay published unless dropped."""
        self._authority.keys.rotate(drop_old=drop_old)

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen; `port` 0 takes a free one. `host` becomes part of the issuer.

        Raises:
            OSError: The port cannot be had.
        """
        sockets = bind_sockets(port, host)
        scheme = "https" if self._ssl_context else "http"
        self._url = f"{scheme}://{host}:{sockets[0].getsockname()[1]}"
        self._authority.issuer = self.issuer
        self._server = HTTPServer(self._application(), ssl_options=self._ssl_context, max_body_size=MAX_BODY_BYTES)
        self._server.add_sockets(sockets)

    async def stop(self) -> None:
        """Close the port and every connection; may be called twice."""
        if self._server is not None:
            server, self._server = self._server, None
            server.stop()
            await server.close_all_connections()

    def _application(self) -> Application:
        services = {"authority": self._authority, "journal": self.journal}
        oauth2 = f"{self._prefix}/oauth2"
        parts = self._authority, self.journal, self.records
        bearers = partial(bearer.authenticate, self._authority)
        clinic = Clinic(*parts, f"{self._prefix}/csp/clinic", bearers, self.news, gateway=self._gateway, proofs=self._proofs)
        native = Clinic(*parts, self._native.path, self._native.authenticate, gateway=self._gateway, proofs=self._proofs)
        fhir = Clinic(*parts, f"{self._prefix}{FHIR_PATH}", bearers, gateway=self._gateway, proofs=self._proofs)
        routes: list[tuple[str, type[RequestHandler], dict[str, Any]]] = [
            (f"{oauth2}/.well-known/openid-configuration", endpoints.DiscoveryHandler, services),
            (f"{oauth2}/authorize", authorize.AuthorizeHandler, services),
            (f"{oauth2}/token", token.TokenHandler, services),
            (f"{oauth2}/userinfo", endpoints.UserinfoHandler, services),
            (f"{oauth2}/introspection", endpoints.IntrospectionHandler, services),
            (f"{oauth2}/revocation", endpoints.RevocationHandler, services),
            (f"{oauth2}/jwks", endpoints.KeysHandler, services),
            (f"{oauth2}/logout", endpoints.LogoutHandler, services),
            (rf"{oauth2}/register(?:/([A-Za-z0-9_-]+))?", registration.RegistrationHandler, services),
            (rf"{oauth2}/pages/(style\.css)", StaticFileHandler, {"path": str(PAGES)}),
            *clinic_routes(clinic),
            *native_routes(self._native, self.journal),
            *clinic_routes(native),
            *fhir_routes(fhir),
            ("/__sim/options", simulation.OptionsHandler, services),
            ("/__sim/licenses", simulation.LicensesHandler, {"gateway": self._gateway}),
            ("/__sim/log", simulation.LogHandler, services),
            ("/__sim/issued", simulation.IssuedHandler, services),
        ]
        return Application(list(routes), template_path=str(PAGES), log_function=_log_nothing)


def _log_nothing(_handler: RequestHandler) -> None:
    """Take the place of Tornado's access log: that shows queries, which hold codes and hints. There is the journal."""
