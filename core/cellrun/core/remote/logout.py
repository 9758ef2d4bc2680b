"""Whether runs outlive their user's logout: systemd may be set to end all processes then."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cellrun.core.targets.contract import Finding

_SUBJECT = "logout"
_SETTING = "KillUserProcesses"
_FOLDERS = ("usr/lib/systemd/logind.conf.d", "run/systemd/logind.conf.d", "etc/systemd/logind.conf.d")
_ANSWER_S = 10.0


def logout_finding(root: Path = Path("/")) -> Finding:
    """Say whether runs outlive the login that started them. `root` is where the system's files are."""
    user = _user()
    if not (root / "run/systemd/system").is_dir():
        return Finding(_SUBJECT, is_well=True, text="runs go on after it: this machine has no systemd that ends them")
    if not _is_on(_setting(root)) or user == "root":  # KillExcludeUsers leaves root out, unless somebody changed that
        return Finding(_SUBJECT, is_well=True, text=f"runs go on after it ({_SETTING} isn't set)")
    if _lingers(user, root):
        return Finding(_SUBJECT, is_well=True, text=f"runs go on after it ({_SETTING} is set, and {user} lingers)")
    return Finding(
        _SUBJECT,
        is_well=False,
        text=f"systemd ends all processes of {user} there with the last logout ({_SETTING}=yes in logind.conf), runs "
        f"included; let {user} stay there by: loginctl enable-linger",
    )


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _setting(root: Path) -> str:
    """Return what the system's files say last; empty if nothing: Linux distributions leave it off."""
    found = ""
    for path in _files(root):
        with suppress(OSError):
            for line in path.read_text(errors="replace").splitlines():
                name, _, value = line.partition("=")
                if name.strip() == _SETTING:
                    found = value.strip()
    return found


def _files(root: Path) -> Iterator[Path]:
    """Iterate over the files in the order in which they count: those of folders by their names, after the main one."""
    yield root / "etc/systemd/logind.conf"
    found = {path.name: path for folder in _FOLDERS for path in sorted((root / folder).glob("*.conf"))}
    yield from (found[name] for name in sorted(found))


def _is_on(value: str) -> bool:
    return value.lower() in {"1", "yes", "y", "true", "t", "on"}


def _lingers(user: str, root: Path) -> bool:
    if (root / "var/lib/systemd/linger" / user).exists():
        return True
    with suppress(OSError, subprocess.TimeoutExpired):
        command = ["loginctl", "show-user", user, "--property=Linger", "--value"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ANSWER_S, check=False)
        return done.stdout.strip() == "yes"
    return False
