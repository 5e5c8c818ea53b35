"""`hub doctor`: checks the surroundings of the hub, and says how to fix what is wrong. Changes nothing and shows no secrets."""

import argparse
import asyncio
from pathlib import Path
from typing import TypeAlias

from hub.commands.terminal import complain, lines_of, write_json, write_lines
from hub.config.reader import load
from hub.config.settings import SettingsError
from hub.doctor.examination import examine
from hub.doctor.findings import as_json, as_lines, is_well
from hub.iris.doctor import IRIS_KNOWLEDGE
from hub.primitives.clock import SystemClock
from hub.telemetry import log

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

DEFAULT_CONFIG = Path("conf/hub.toml")
EXIT_FAILED = 1
EXIT_SETTINGS = 2


def register(subparsers: Subparsers) -> None:
    """Add the command. Its options contain `run`, a function that takes the options and returns the exit code."""
    command = subparsers.add_parser("doctor", help="check provider, routes, Redis and proxies, and say how to fix what is wrong")
    command.add_argument("--json", action="store_true", help="print a JSON object")
    command.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=f"settings file (default: {DEFAULT_CONFIG})")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run all checks and print their findings. Return the exit code: 0 no failure, 1 failures, 2 settings are not valid."""
    try:
        settings = load(getattr(options, "config", DEFAULT_CONFIG))
        log.configure("ERROR", settings.log.format)
        findings = asyncio.run(examine(settings, SystemClock(), IRIS_KNOWLEDGE))
    except SettingsError as error:
        if options.json:
            write_json({"ok": False, "settings": error.mistakes})
        else:
            complain("The settings are not valid:", *lines_of(error))
        return EXIT_SETTINGS
    if options.json:
        write_json(as_json(findings))
    else:
        write_lines(as_lines(findings))
    return 0 if is_well(findings) else EXIT_FAILED
