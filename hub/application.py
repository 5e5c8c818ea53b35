"""The route tables: URL -> handler and the services that it is given."""

from functools import partial

import tornado.template
import tornado.web

from hub.config.settings import StaticSettings
from hub.listener.exchange import Front
from hub.listener.tornado_requests import TornadoFront
from hub.primitives.http import Headers
from hub.services import Services
from hub.session.cookie import Cookies
from hub.session.operators import SessionAdministration
from hub.web.admin import DroppedHeadersHandler, HealthHandler, MetricsHandler, ReadyHandler
from hub.web.admin_sessions import OneSessionHandler, SessionsHandler
from hub.web.admin_topics import TopicHandler
from hub.web.base import PAGES, BaseHandler, NotFoundHandler, log_request
from hub.web.channel import ChannelDoor
from hub.web.doors import Doors
from hub.web.events import EventsDoor
from hub.web.form_login import FormLoginHandler
from hub.web.host_check import AdminHosts, HostCheck, PublicHosts
from hub.web.hosted_application import HostedApplication
from hub.web.login import CallbackHandler, LoginHandler
from hub.web.provider_logout import BackChannelLogoutHandler, FrontChannelLogoutHandler
from hub.web.proxy import ApiDoor
from hub.web.response_headers import ResponseHeaders
from hub.web.session import LogoutHandler, SessionHandler
from hub.web.sessions import SessionEndHandler, SessionListHandler
from hub.web.site import Site
from hub.web.static import StaticHandler, without_nonce
from hub.web.static_text import CompressedTexts
from hub.web.websocket_proxy import PassThroughDoor

OWN_BODY_BYTES = 64 * 1024  # what the hub's own endpoints take; each route sets its own limit


class AssetHandler(BaseHandler, tornado.web.StaticFileHandler):
    """Serves the style sheet of the hub's own pages."""

    def initialize(self, site: Site, path: str) -> None:  # type: ignore[override]
        self.site = site
        tornado.web.StaticFileHandler.initialize(self, path)
        self.set_default_headers()


def build_front(services: Services) -> Front:
    """Return who answers on the public listener."""
    settings, site = services.settings, _site(services)
    api = ApiDoor(site, services.dispatch, services.streams, _page_headers(settings.static), settings.upstream)
    channel = ChannelDoor(site, services.registry, services.sessions, settings.channel, services.rates)
    events = EventsDoor(site, services.registry, services.channels, services.streams)
    pages = TornadoFront(
        build_application(services, site), scheme=settings.server.transport_scheme, max_body_bytes=OWN_BODY_BYTES
    )
    routes: dict[str, Front] = {
        route.prefix: PassThroughDoor(site, services.dispatch, services.passages, services.rates, route.max_message_bytes)
        if route.websocket
        else api
        for route in settings.routes
    }
    doors = Doors({"/hub/channel": channel, "/hub/events": events}, {**routes, "/hub": pages}, pages)
    server = settings.server
    loopback_origin = server.origin if server.is_loopback else None
    return HostCheck(doors, PublicHosts(server.hosts), site, site.response_headers, loopback_origin)


def build_admin_front(services: Services) -> Front:
    """Return who answers on the admin listener."""
    front = TornadoFront(build_admin_application(services), scheme="http", max_body_bytes=OWN_BODY_BYTES)
    hosts, headers = AdminHosts(services.settings.server.hosts), ResponseHeaders(services.clock, hsts=False)
    return HostCheck(front, hosts, _site(services), headers)


def _page_headers(static: StaticSettings) -> Headers:
    """Return the policies of pages of the application without a nonce."""
    policies = [("Content-Security-Policy", without_nonce(static.page_policy))]
    return [*policies, ("Permissions-Policy", static.permissions_policy)] if static.permissions_policy else policies


def _site(services: Services) -> Site:
    server = services.settings.server
    return Site(
        origin=server.origin,
        cookies=Cookies.for_transport(secure=server.is_https),
        trusted_proxies=services.trusted_proxies,
        response_headers=ResponseHeaders(services.clock, hsts=server.is_https),
        pages=tornado.template.Loader(str(PAGES)),
        clock=services.clock,
        access_log=services.access_log,
        refusals=services.refusals,
        exchanges=services.exchanges,
        is_draining=lambda: services.draining,
    )


def build_application(services: Services, site: Site) -> tornado.web.Application:
    """Return the application behind the public listener: everything but the API and the channel."""
    settings = services.settings
    ceremony = {
        "site": site,
        "code_flow": services.code_flow,
        "metrics": services.metrics,
        "rates": services.rates,
        "session_settings": settings.session,
        "api_prefixes": tuple(route.prefix for route in settings.routes if not route.rendered),
    }
    own = {"site": site, "sessions": services.sessions, "clock": services.clock}
    managed = own | {"manage_max_age_seconds": settings.session.manage_max_age_seconds}
    provider_logout = {"site": site, "provider_logout": services.provider_logout, "limiter": services.limiter}
    static = {
        "site": site,
        "settings": settings.static,
        "files": HostedApplication(settings.static.root, services.clock),
        "texts": CompressedTexts(),
    }
    return tornado.web.Application(
        [
            (r"/hub/login", LoginHandler, ceremony | {"form_login": services.form_login}),
            (r"/hub/login/([a-z0-9-]+)", FormLoginHandler, ceremony | {"form_login": services.form_login}),
            (r"/hub/callback(?:/([a-z0-9-]+))?", CallbackHandler, ceremony),
            (r"/hub/session", SessionHandler, own),
            (r"/hub/sessions", SessionListHandler, managed),
            (r"/hub/sessions/([0-9a-f]{64})", SessionEndHandler, managed),
            (r"/hub/logout", LogoutHandler, own | {"logout": services.logout}),
            (r"/hub/frontchannel-logout(?:/([a-z0-9-]+))?", FrontChannelLogoutHandler, provider_logout),
            (r"/hub/backchannel-logout(?:/([a-z0-9-]+))?", BackChannelLogoutHandler, provider_logout),
            (r"/hub/assets/(page\.css)", AssetHandler, {"site": site, "path": str(PAGES)}),
            (r"/hub(?:/.*)?", NotFoundHandler, {"site": site}),
            (r"/(.*)", StaticHandler, static),
        ],
        log_function=partial(log_request, services.access_log),
        default_handler_class=NotFoundHandler,
        default_handler_args={"site": site},
    )


def build_admin_application(services: Services) -> tornado.web.Application:
    """Return the application of the admin listener."""
    operators = {
        "administration": SessionAdministration(services.sessions, services.settings.issuers.values()),
        "lifetimes": services.sessions.lifetimes,
        "clock": services.clock,
        "token": services.settings.admin.token,
    }
    publishing = {
        "topics": services.topics,
        "publishers": services.settings.publishers,
        "limits": services.publisher_limits,
        "largest": services.settings.channel.inline,
    }
    return tornado.web.Application(
        [
            (r"/sessions", SessionsHandler, operators),
            (r"/sessions/([0-9a-f]{1,64})", OneSessionHandler, operators),
            (r"/topics/([^?]+)", TopicHandler, publishing),
            (r"/healthz", HealthHandler),
            (r"/readyz", ReadyHandler, {"readiness": services.readiness}),
            (r"/metrics", MetricsHandler, {"metrics": services.metrics}),
            (r"/dropped-headers", DroppedHeadersHandler, {"dropped": services.dropped_headers}),
        ],
        log_function=lambda handler: None,  # probes every few seconds are no news
    )
