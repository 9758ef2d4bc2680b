"""The variables of whoever looks, by which a target may let the keeper in."""

from __future__ import annotations

import os
from collections.abc import Mapping

_NAMES = frozenset({"SSH_AUTH_SOCK", "SSH_AGENT_PID", "KRB5CCNAME", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"})
_PREFIXES = ("AZURE_", "AWS_", "GOOGLE_")


def credentials(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return those variables of an environment."""
    return {name: value for name, value in environ.items() if name in _NAMES or name.startswith(_PREFIXES)}


def take_on(given: Mapping[str, str]) -> None:
    """Make somebody's credentials this process's own, in place of those that it had."""
    for name in credentials().keys() - given.keys():
        del os.environ[name]
    os.environ.update(credentials(given))
