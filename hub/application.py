"""The route tables: URL -> handler and the services that it is given."""

import re
from functools import partial

import tornado.template
import tornado.web

from hub.services import Services
from hub.session.cookie import Cookies
from hub.session.operators import SessionDesk
from hub.web.admin import HealthHandler, MetricsHandler, ReadyHandler
from hub.web.admin_sessions import OneSessionHandler, SessionsHandler
from hub.web.admin_topics import TopicHandler
from hub.web.base import PAGES, BaseHandler, NotFoundHandler, Site, log_request
from hub.web.channel import ChannelHandler
from hub.web.client_address import parse_networks
from hub.web.form_login import FormLoginHandler
from hub.web.login import CallbackHandler, LoginHandler
from hub.web.provider_logout import BackChannelLogoutHandler, FrontChannelLogoutHandler
from hub.web.proxy import ProxyHandler
from hub.web.session import LogoutHandler, SessionHandler
from hub.web.sessions import SessionEndHandler, SessionListHandler
from hub.web.static import StaticHandler
from hub.web.static_text import CompressedTexts
from hub.web.websocket_proxy import WebSocketProxyHandler


class AssetHandler(BaseHandler, tornado.web.StaticFileHandler):
    """Serves the style sheet of the hub's own pages."""

    def initialize(self, site: Site, path: str) -> None:  # type: ignore[override]
        self.site = site
        tornado.web.StaticFileHandler.initialize(self, path)
        self.set_default_headers()


def build_application(services: Services) -> tornado.web.Application:
    """Return the application of the public listener."""
    settings = services.settings
    server = settings.server
    site = Site(
        origin=server.origin,
        cookies=Cookies.for_transport(secure=server.cookies_are_secure),
        trusted_proxies=parse_networks(server.trusted_proxies),
        hsts=server.origin.startswith("https://"),
        pages=tornado.template.Loader(str(PAGES)),
        exchanges=services.exchanges,
        is_draining=lambda: services.draining,
    )
    ceremony = {
        "site": site,
        "code_flow": services.code_flow,
        "metrics": services.metrics,
        "session_settings": settings.session,
    }
    own = {"site": site, "sessions": services.sessions, "clock": services.clock}
    managed = own | {"manage_max_age_seconds": settings.session.manage_max_age_seconds}
    provider_logout = {"site": site, "provider_logout": services.provider_logout, "limiter": services.limiter}
    proxy = {
        "site": site,
        "pipeline": services.pipeline,
        "once": services.once,
        "rates": services.rates,
        "sessions": services.sessions,
        "exchanges": services.exchanges,
    }
    relay = {"site": site, "passage": services.passage, "passages": services.passages, "sessions": services.sessions}
    through = WebSocketProxyHandler, relay
    static = {
        "site": site,
        "root": settings.static.root,
        "content_security_policy": settings.static.content_security_policy,
        "texts": CompressedTexts(),
    }
    channel = {
        "site": site,
        "registry": services.registry,
        "sessions": services.sessions,
        "limits": settings.channel,
        "rates": services.rates,
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
            (r"/hub/channel", ChannelHandler, channel),
            (r"/hub/assets/(page\.css)", AssetHandler, {"site": site, "path": str(PAGES)}),
            (r"/hub(?:/.*)?", NotFoundHandler, {"site": site}),
            *(
                (re.escape(route.prefix) + r"(?:/.*)?", *(through if route.websocket else (ProxyHandler, proxy)))
                for route in settings.routes
            ),
            (r"/(.*)", StaticHandler, static),
        ],
        log_function=partial(log_request, services.access_log),
        default_handler_class=NotFoundHandler,
        default_handler_args={"site": site},
    )


def build_admin_application(services: Services) -> tornado.web.Application:
    """Return the application of the admin listener."""
    operators = {
        "desk": SessionDesk(services.sessions),
        "lifetimes": services.sessions.lifetimes,
        "clock": services.clock,
        "token": services.settings.admin.token,
    }
    publishing = {
        "topics": services.topics,
        "publishers": services.settings.publishers,
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
        ],
        log_function=lambda handler: None,  # probes every few seconds are no news
    )
