"""A Debian 11 in a folder, for a program that needs Python 2.7: no later Debian has it. It is made once."""

import os
import shutil
import subprocess
from pathlib import Path

RELEASE = "bullseye"
PACKAGES = "python2.7,python2.7-dev,python3-virtualenv,virtualenv,gcc,libc6-dev,libffi-dev,libssl-dev,ca-certificates"
ENVIRONMENT = "/opt/python2"
LAST_PIP = "pip<21"  # for Python 2.7
HOST_FILES = ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt")


class DebianError(Exception):
    """The folder could not be made; the message says why."""


def provide(root: Path, program: str, package: str) -> Path:
    """Install a package of PyPI for Python 2.7 in a Debian below `root`, unless it is there.

    Parameters:
        program: What the package installs.

    Returns:
        The path of the program within `root`.

    Raises:
        DebianError: A command failed, or this process may not change its root folder.
    """
    path = Path(ENVIRONMENT, "bin", program)
    if not (root / path.relative_to("/")).exists():
        if os.geteuid() != 0:
            raise DebianError("Only root can make a Debian in a folder (debootstrap), and run programs in it (chroot).")
        if root.exists():
            shutil.rmtree(root)
        _make(root)
        pip = f"{ENVIRONMENT}/bin/pip"
        call(root, "virtualenv", "--quiet", "--python", "python2.7", ENVIRONMENT)
        call(root, pip, "install", "--quiet", "--force-reinstall", LAST_PIP)  # Debian's own cannot build packages
        call(root, pip, "install", "--quiet", package)
    return path


def call(root: Path, *command: str) -> None:
    """Run a command in a Debian, with the names and certificates of this machine.

    Raises:
        DebianError: It failed.
    """
    for name in HOST_FILES:
        if Path(name).exists():
            shutil.copyfile(name, root / name.removeprefix("/"))
    _call("chroot", str(root), *command)


def _make(root: Path) -> None:
    if shutil.which("debootstrap") is None:
        _call("apt-get", "-qq", "update")
        _call("apt-get", "-qq", "-y", "install", "debootstrap")
    root.parent.mkdir(parents=True, exist_ok=True)
    _call("debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(root), _mirror())


def _mirror() -> str:
    """Return the mirror from which this machine installs its own packages."""
    listing = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"]
    found = subprocess.run(listing, capture_output=True, text=True, check=False).stdout.splitlines()
    mirrors = [uri for uri, _, codename in (line.partition(" ") for line in found) if "-" not in codename]
    if not mirrors:
        raise DebianError("apt-get knows no mirror of Debian on this machine.")
    return mirrors[0]


def _call(*command: str) -> None:
    if subprocess.call(command) != 0:
        raise DebianError(f"{' '.join(command)} failed.")
