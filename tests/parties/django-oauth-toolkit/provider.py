"""The process of a Django OAuth Toolkit provider: settings come as one line of JSON, the issuer goes out as one.

Everything that is protocol is the toolkit's; the site around it (`site_urls.py`) is what its documentation tells to write.
Ends when its standard input is closed.
"""

import json
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import django
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

LOGIN_PAGE = (
    '<title>Log in</title><form method="post">{% csrf_token %}{{ form.as_p }}'
    '<input type="hidden" name="next" value="{{ next }}"><button>Log in</button></form>'
)


def configure(given: dict[str, Any], folder: Path, issuer: str) -> None:
    """Set up Django with a database in `folder`, and the toolkit as an OpenID Provider by RFC 9700."""
    django_settings.configure(
        ALLOWED_HOSTS=["*"],
        ANNOUNCES_REVOCATION=given["announces_revocation"],  # ours: see `site_urls`
        AUTH_PASSWORD_VALIDATORS=[],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "db"),
                "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
            }
        },
        DEBUG=False,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.staticfiles",
            "oauth2_provider",
        ],
        LOGIN_URL="/accounts/login/",
        LOGGING={"version": 1, "disable_existing_loggers": True, "root": {"level": "CRITICAL"}},
        MIDDLEWARE=[
            "journal.Journal",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        OAUTH2_PROVIDER=toolkit_settings(given, issuer),
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # as Django advises for tests: the others are slow
        ROOT_URLCONF="site_urls",
        SECRET_KEY="of this process only",
        STATIC_URL="/static/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN_PAGE}),
                        "django.template.loaders.app_directories.Loader",
                    ]
                },
            }
        ],
        USE_TZ=True,
    )


def toolkit_settings(given: dict[str, Any], issuer: str) -> dict[str, Any]:
    """Return the settings of the toolkit itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "ACCESS_TOKEN_EXPIRE_SECONDS": given["access_token_seconds"],
        "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
        "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
        "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
        "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
        "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
        "OAUTH2_VALIDATOR_CLASS": "site_urls.Claims",
        "OIDC_ENABLED": True,
        "OIDC_ISS_ENDPOINT": issuer,
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "REFRESH_TOKEN_EXPIRE_SECONDS": 86400,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": given["grace_period_seconds"],
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "ROTATE_REFRESH_TOKEN": given["rotate_refresh_token"],
        "SCOPES": {"openid": "OpenID Connect", "profile": "Name", "email": "Address", "api": "The API"},
    }


def register(given: dict[str, Any]) -> None:
    """Create the tables, the users and the client."""
    call_command("migrate", verbosity=0, interactive=False)
    from django.contrib.auth.models import User
    from oauth2_provider.models import Application

    for name, password in given["users"].items():
        User.objects.create_user(name, f"{name}@example.org", password)
    Application.objects.create(
        name="The hub",
        client_id=given["client_id"],
        client_secret=given["client_secret"],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris=given["redirect_uri"],
        post_logout_redirect_uris=given["post_logout_redirect_uri"],
    )


class Handler(WSGIRequestHandler):
    """Django's own, without a line on standard error for each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the journal has it."""


def main() -> None:
    """Serve until the other side closes our standard input."""
    given = json.loads(sys.stdin.readline())
    server = ThreadedWSGIServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    issuer = f"http://127.0.0.1:{server.server_port}/o"
    with tempfile.TemporaryDirectory(prefix="django-") as folder:
        configure(given, Path(folder), issuer)
        django.setup()
        register(given)
        server.set_app(get_wsgi_application())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(json.dumps({"issuer": issuer, "django": django.get_version()}), flush=True)  # noqa: T201
        sys.stdin.read()
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
