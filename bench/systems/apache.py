"""Apache with mod_auth_openidc: event MPM, one child process, reverse proxy with kept connections, the token as Bearer."""

import getpass
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from pathlib import Path

from bench.systems import redis
from bench.systems.base import LIFETIME_SECONDS, PLAIN_PREFIX, TLS_PREFIX, Contestant, Site, StartError, Target
from bench.systems.process import children, find_program, running
from bench.systems.visitor import check, logged_in, over_http, page_headers
from tests.parties.hub import free_port

MODULES = Path("/usr/lib/apache2/modules")
NEEDED = (
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "headers",
    "proxy",
    "proxy_http",
    "ssl",
    "socache_shmcb",
    "auth_openidc",
)
CONFIGURATION = """
ServerRoot "{folder}"
PidFile "{folder}/pid"
DefaultRuntimeDir "{folder}"
Mutex default:{folder}
Listen 127.0.0.1:{port}
ListenBacklog 4096
ServerName localhost:{port}
UseCanonicalName On
User {user}
Group {group}
ErrorLog "{folder}/error.log"
LogLevel warn
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
CustomLog "{folder}/access.log" combined

# One process. A thread for each connection that may be busy at once: with fewer the event MPM closes connections that are kept.
StartServers 1
ServerLimit 1
ThreadLimit 640
ThreadsPerChild 640
MaxRequestWorkers 640
MinSpareThreads 1
MaxSpareThreads 640
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 3600
Timeout 300

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI http://localhost:{port}/callback
OIDCCryptoPassphrase 0123456789abcdef0123456789abcdef
OIDCScope "openid profile"
OIDCPKCEMethod S256
OIDCSessionInactivityTimeout {lifetime}
OIDCSessionMaxDuration {lifetime}
OIDCPassClaimsAs environment
{mode}

SSLProxyEngine on
SSLProxyCACertificateFile {authority}
ProxyPass {plain_prefix} {plain_target} keepalive=On
ProxyPass {tls_prefix} {tls_target} keepalive=On
<Location />
  AuthType openid-connect
  Require valid-user
  RequestHeader set Authorization "Bearer %{{OIDC_access_token}}e" env=OIDC_access_token
  RequestHeader unset Cookie
</Location>
"""


class Mode(StrEnum):
    """Where mod_auth_openidc keeps its sessions."""

    SHARED_MEMORY = "shared memory"
    COOKIE = "cookie"
    REDIS = "Redis"


class Apache:
    """One Apache with one mode of mod_auth_openidc."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._port = free_port()
        self.url = f"http://localhost:{self._port}"
        self.redirect_uris = [f"{self.url}/callback"]

    def missing(self) -> str | None:
        """Return the Debian packages that are to be installed, or None."""
        is_there = find_program("apache2") and (MODULES / "mod_auth_openidc.so").exists()
        return None if is_there else "apache2 libapache2-mod-auth-openidc"

    @asynccontextmanager
    async def running(self, site: Site) -> AsyncIterator[Sequence[Contestant]]:
        """Run it until the end of the block, with a user who has logged in.

        Raises:
            StartError: It does not start, or the login fails.
        """
        folder = site.folder / f"apache-{self._mode.name.lower()}"
        folder.mkdir()
        async with AsyncExitStack() as parties:
            store = await parties.enter_async_context(redis.running(site, folder)) if self._mode is Mode.REDIS else None
            file = folder / "apache.conf"
            file.write_text(self._configuration(site, folder, store), encoding="utf-8")
            with site.cores.under_test():
                command = [find_program("apache2") or "apache2", "-f", file, "-D", "FOREGROUND"]
                process = await parties.enter_async_context(running(command, folder / "apache.log", port=self._port))
            target = Target(1024)
            browser = await parties.enter_async_context(logged_in(self.url, target.path, site.provider))
            await check(browser, target)
            yield [
                Contestant(
                    f"mod_auth_openidc, {self._mode}",
                    lambda: [process.pid, *children(process.pid)],
                    over_http(self._port, page_headers(browser)),
                    [store.pid] if store else [],
                )
            ]

    def _configuration(self, site: Site, folder: Path, store: redis.Store | None) -> str:
        upstream, provider = site.upstream, site.provider
        if upstream.tls_bearer_url is None:
            raise StartError("Apache is compared with an upstream that also speaks TLS only.")
        loads = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in NEEDED)
        return loads + CONFIGURATION.format(
            folder=folder,
            port=self._port,
            user=_account("www-data"),
            group=_account("www-data"),
            issuer=provider.issuer,
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            lifetime=LIFETIME_SECONDS,
            mode=_mode_lines(self._mode, store),
            authority=upstream.authority_file,
            plain_prefix=PLAIN_PREFIX,
            tls_prefix=TLS_PREFIX,
            plain_target=upstream.bearer_url,
            tls_target=upstream.tls_bearer_url,
        )


def _mode_lines(mode: Mode, store: redis.Store | None) -> str:
    if mode is Mode.COOKIE:
        return "OIDCSessionType client-cookie"
    if store is None:
        return "OIDCSessionType server-cache\nOIDCCacheType shm"
    return f"OIDCSessionType server-cache\nOIDCCacheType redis\nOIDCRedisCacheServer 127.0.0.1:{store.port}"


def _account(of_root: str) -> str:
    """Return as whom the child processes run: as `of_root` if root starts them, which Apache itself refuses to be."""
    name = getpass.getuser()
    return of_root if name == "root" else name
