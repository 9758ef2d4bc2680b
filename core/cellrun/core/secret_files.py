"""Which files hold secrets, by their names: cellrun never copies them of its own accord."""

from __future__ import annotations

import re

_FILES = re.compile(
    r"""
    \.env(?:\..*(?<!\.example)(?<!\.sample)(?<!\.template))?
    | \.netrc | \.npmrc | \.pypirc | \.git-credentials
    | id_(?:rsa|ecdsa|ed25519|dsa).*(?<!\.pub)
    | .*\.(?:pem|key)
    """,
    re.VERBOSE,
)
_FOLDERS = frozenset({".aws", ".azure", ".ssh"})
_ENV_FILE = re.compile(r"\.env(?:\..+)?")


def is_secret(name: str, *, is_folder: bool = False) -> bool:
    """Whether a file, or all that is in a folder, is secret by its name without the folders above it."""
    return name in _FOLDERS if is_folder else not name.endswith(".py") and _FILES.fullmatch(name) is not None


def is_env_file(name: str) -> bool:
    """Whether it is a file of environment variables, `.env` or `.env.local`."""
    return _ENV_FILE.fullmatch(name) is not None
