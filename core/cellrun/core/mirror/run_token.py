"""A run's token: it lets who stands by a run, on a machine without our disk, send what it writes, and do nothing else.

Only its hash is kept, in the runtime folder: whoever copies a run folder, or reads it, has no token.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cellrun.core.disk.whole_files import make_private_folder, replace_file
from cellrun.core.layout import RunLayout
from cellrun.core.names import is_plain
from cellrun.core.places import runtime_folder
from cellrun.core.store.status import StatusFile

_NONE = "0" * 64  # what a token is compared with where there is none, so that it takes as long


def new_token(layout: RunLayout) -> str:
    """Make a run's token; the one before, if any, is worth nothing from now on."""
    token = secrets.token_urlsafe(32)
    path = _path(layout)
    make_private_folder(path.parent)
    replace_file(path, _hash(token), mode=0o600)
    return token


def check_token(layout: RunLayout, token: str) -> bool:
    """Whether this is the run's token. Takes the same time for a wrong one as for none at all.

    False once it was revoked, and once the run has ended or is gone: then nothing is left of the token afterwards.
    """
    try:
        kept = _path(layout).read_text()
    except (OSError, ValueError):
        kept = _NONE
    is_right = hmac.compare_digest(kept, _hash(token))
    if is_right and (not layout.record.exists() or StatusFile(layout).read().status.is_terminal):
        revoke_token(layout)
        return False
    return is_right


def revoke_token(layout: RunLayout) -> None:
    """Make a run's token worth nothing: to be called at the run's end."""
    _path(layout).unlink(missing_ok=True)


def _path(layout: RunLayout) -> Path:
    """Return where a run's hash is kept. Two workspaces may have a run of one id: so it goes by the folder."""
    if not is_plain(layout.run_id):
        raise ValueError(f"no run id: {layout.run_id!r}")
    workspace = hashlib.sha256(os.fsencode(layout.workspace.folder.absolute())).hexdigest()[:16]
    return runtime_folder() / "tokens" / workspace / layout.run_id


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
