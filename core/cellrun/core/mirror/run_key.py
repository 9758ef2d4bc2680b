"""A run's key: with it the frames of its way home are made and checked. Both ends keep it outside the run's folder."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from cellrun.core.disk.whole_files import make_private_folder
from cellrun.core.layout import RunLayout
from cellrun.core.names import is_plain
from cellrun.core.places import private_folder

KEY_BYTES = 32


def new_key(layout: RunLayout) -> bytes:
    """Return a run's key, made if it has none. Raises WorkspaceException where this user can keep none."""
    return key_of(layout) or keep_key(layout, os.urandom(KEY_BYTES))


def keep_key(layout: RunLayout, key: bytes) -> bytes:
    """Keep a run's key (0600), unless it has one; return the one that it has. Raises ValueError for what is no key."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a run's key has {KEY_BYTES} bytes; got {len(key)}")
    path = _path(layout)
    make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(key)
    try:
        if (known := key_of(layout)) is None:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return known or key


def key_of(layout: RunLayout) -> bytes | None:
    """Return a run's key; None if it has none, or has it no more."""
    with suppress(OSError):
        key = _path(layout).read_bytes()
        return key if len(key) == KEY_BYTES else None
    return None


def forget_key(layout: RunLayout) -> None:
    """Remove a run's key: it has ended, and all of it is home."""
    with suppress(OSError):
        _path(layout).unlink(missing_ok=True)


def _path(layout: RunLayout) -> Path:
    """Return where a run's key is kept. Two workspaces may have a run of one id: so it goes by the folder."""
    if not is_plain(layout.run_id):
        raise ValueError(f"no run id: {layout.run_id!r}")
    workspace = hashlib.sha256(os.fsencode(layout.workspace.folder.absolute())).hexdigest()[:16]
    return private_folder() / "run_keys" / workspace / layout.run_id
