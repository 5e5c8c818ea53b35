"""`python -m iris_standin`: run the stand-in alone."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from iris_standin import Client, Options, OptionsError, Standin


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted; return 0, or 2 if the command line or the port cannot be used."""
    parsed = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        options = Options().changed_by_text(dict(parsed.option))
    except OptionsError as error:
        return _fail(str(error))
    client = Client(
        parsed.client_id,
        parsed.client_secret,
        parsed.redirect_uri,
        parsed.post_logout_redirect_uri,
        parsed.frontchannel_logout_uri,
    )
    standin = Standin(options, [client], prefix=parsed.prefix, expose_secrets=parsed.expose_secrets)
    if parsed.news_token_file is not None:
        standin.news.url, standin.news.token = parsed.news_url, parsed.news_token_file.read_text(encoding="utf-8").strip()
    try:
        asyncio.run(_serve(standin, parsed.port, parsed.host))
    except OSError as error:
        return _fail(f"cannot listen on {parsed.host}:{parsed.port}: {error.strerror}")
    return 0


async def _serve(standin: Standin, port: int, host: str) -> None:
    await standin.start(port, host)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    log = logging.getLogger("iris_standin")
    log.info("issuer   %s", standin.issuer)
    log.info("clinic   %s", standin.clinic_url)
    log.info("native   %s", standin.native_url)
    log.info("users    alice / alice-demo, bob / bob-demo")
    await stopped.wait()
    await standin.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m iris_standin", description=__doc__)
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on, and host of the issuer")
    parser.add_argument("--prefix", default="", help="path before /oauth2 and /csp, such as authserver")
    parser.add_argument("--client-id", default="hub")
    parser.add_argument("--client-secret", default="", help="empty for a public client")
    parser.add_argument("--redirect-uri", action="append", default=[])
    parser.add_argument("--post-logout-redirect-uri", action="append", default=[])
    parser.add_argument("--frontchannel-logout-uri", default="")
    parser.add_argument("--option", type=_pair, action="append", default=[], metavar="NAME=VALUE", help="a toggle of Options")
    parser.add_argument("--news-url", default="", help="topic of a hub's admin listener that hears of changed patients")
    parser.add_argument("--news-token-file", type=Path, default=None, help="file with the publisher's secret")
    parser.add_argument("--expose-secrets", action="store_true", help="serve every secret under /__sim/issued")
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise argparse.ArgumentTypeError(f"{text!r} must be written as NAME=VALUE")
    return name, value


def _fail(message: str) -> int:
    sys.stderr.write(f"iris_standin: {message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
