"""The command line: `hub` runs the hub; `hub keys`, `hub sessions` and `hub doctor` are for operators.

Exit codes: 0 done, 1 failed, 2 settings or command line are not valid.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hub import __version__
from hub.commands import doctor, keys, sessions
from hub.commands.terminal import fail, lines_of
from hub.config.reader import load
from hub.config.settings import SettingsError
from hub.process import server
from hub.process.embedded_redis import EmbeddedRedisError
from hub.process.supervisor import WorkersFailed
from hub.session.keyring import KeyringError
from hub.telemetry import log

DEFAULT_CONFIG = Path("conf/hub.toml")
EXIT_FAILED = 1
EXIT_SETTINGS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Return the exit code. A wrong command line ends the process with exit code 2."""
    options = _parser().parse_args(arguments)
    if options.make_key:
        return keys.make(options.make_key)
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hub",
        description="A backend for frontend that keeps OAuth 2.0 tokens on the server. Without a command, it runs the hub.",
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="settings file (default: %(default)s)")
    parser.add_argument("--make-key", type=Path, metavar="FILE", help="same as `keys make FILE`")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=_run)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    keys.register(subparsers)
    sessions.register(subparsers)
    doctor.register(subparsers)
    return parser


def _run(options: argparse.Namespace) -> int:
    """Run the hub until it is stopped."""
    server.hold_reloads()
    try:
        settings = load(options.config)
        log.configure(settings.log.level, settings.log.format, audit_file=settings.log.audit_file)
        server.run(settings, options.config, is_worker=options.worker)
    except SettingsError as error:
        return fail(EXIT_SETTINGS, "The settings are not valid:", *lines_of(error))
    except (server.StartupError, EmbeddedRedisError, KeyringError, WorkersFailed, server.TasksFailed) as error:
        return fail(EXIT_FAILED, "The hub cannot run:", *str(error).splitlines())
    return 0
