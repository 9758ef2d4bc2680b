"""The settings of a target of kind ssh, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cellrun.core.errors import UserErrorException, shown

SETTINGS = {
    "host": "what `ssh` is called with: a name from your ssh config, user@host, or ssh://user@host:2222",
    "python": "the Python there that runs and cellrun's own helper use; left out: its python3",
    "folder": "where its runs are kept there; left out: ~/.local/share/cellrun",
}
_IN_A_SHELL = re.compile(r"[\s\x00-\x1f\x7f'\"`$;&<>|(){}\\]")
"""What ssh refuses in a name of a host or a user, too: a config's ProxyCommand hands these to a shell."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def checked(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings as they are kept. Raises UserErrorException with everything that is wrong in them."""
    given = {name: value for name, value in settings.items() if value is not None}
    problems = [f"{name} is a text; got {shown(value)}" for name, value in given.items() if not isinstance(value, str)]
    if not problems:
        checks = {"host": _host_problem, "python": _python_problem, "folder": _folder_problem}
        problems = [problem for name, check in checks.items() if (problem := check(given.get(name, "")))]
    if problems:
        raise UserErrorException("\n".join(problems))
    return {name: value for name, value in given.items() if value}


def _host_problem(host: str) -> str:
    if not host:
        return "a target of kind 'ssh' needs host='box': what `ssh` is called with"
    name = host.removeprefix("ssh://")
    if _IN_A_SHELL.search(host) or name.startswith("-") or "@-" in name or not name.strip("@:/"):
        return f"host is one word that `ssh` is called with, no option: 'box', 'me@box'; got {shown(host)}"
    if found := re.fullmatch(r"([^:]+):(\d+)", host):
        return (
            f"host has no port but in an address: 'ssh://{host}', or {found[1]!r} and Port {found[2]} in ~/.ssh/config"
        )
    return ""


def _python_problem(python: str) -> str:
    if python.startswith("-") or _CONTROL.search(python):
        return f"python is the path of a Python there, or its name: '~/venv/bin/python'; got {shown(python)}"
    return ""


def _folder_problem(folder: str) -> str:
    if folder and (not re.match(r"/|~/|~$", folder) or _CONTROL.search(folder)):
        return f"folder is a path there that begins with '/' or '~/'; got {shown(folder)}"
    return ""
