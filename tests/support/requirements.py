"""What some tests need from the distribution: skipped with a reason where it is missing, failed on CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

SETUP = "tests/support/setup-debian.sh installs it on Debian"
# sbin is not on everybody's PATH, and that is where servers live
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def as_root() -> list[str]:
    """The words to put before a command that only root may run; [] when we are root already.

    Raises:
        PermissionError: we are not, and sudo would ask for a password.
    """
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    raise PermissionError("not root, and no sudo without a password")


def require_mailservers() -> None:
    """Skip the test unless Dovecot and Postfix are installed and can be started; with CI set, fail instead."""
    missing = [name for name in ("dovecot", "doveadm", "postfix") if shutil.which(name, path=SEARCH_PATH) is None]
    if not missing and not Path("/usr/lib/dovecot/lmtp").exists():
        missing = ["dovecot-lmtpd"]
    if missing:
        _missing(f"{', '.join(missing)} not found; {SETUP}")
    try:
        as_root()
    except PermissionError as error:
        _missing(f"Dovecot and Postfix must be started by root: {error}")


def require_chromium() -> Path:
    """The path of Chromium; skip the test when there is none, with CI set, fail instead."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        _missing(f"no Chromium found; {SETUP}")
    return Path(found)


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
