"""Signatures of files: who wrote one, by a key that only this user has.

To load a pickle is to run code. A context names each of its values by the hash of its content, and what a run was
submitted with has the hash of each file (`signed_files`), so that a signature of one file covers them all.
The key is in the home of cellrun, never with a run: a copy of a run carries no secret.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from pathlib import Path

from cellrun.core.disk.control_file import read_control_file
from cellrun.core.disk.ownership import is_declared_safe
from cellrun.core.disk.whole_files import NO_LINKS, replace_file
from cellrun.core.errors import DamagedRunError, WorkspaceException
from cellrun.core.places import private_folder, runtime_folder

_KEY = "signing.key"
_KEY_BYTES = 32
_OTHERS = 0o077


def sign(file: Path, of: str = "", *, key: bytes | None = None, data: bytes | None = None) -> None:
    """Sign a file as this user's own, beside it: `context.json` by `context.sig`. `key` is theirs, if it was read.

    `of` is the run that the content is true of, if it doesn't say so itself; `data` the content that is meant, where
    others could write another one. Raises WorkspaceException where this user can have no key.
    """
    signature = _signature(file.read_bytes() if data is None else data, of, key or signing_key())
    replace_file(_beside(file), f"{signature}\n")  # through no link that stands there, and never half


def why_untrusted(file: Path, data: bytes, of: str = "") -> str:
    """Return why the bytes of a file aren't this user's own, in words; empty if they are.

    Raises WorkspaceException where this user can have no key.
    """
    try:
        beside = _beside(file)
        found = read_control_file(beside.parent, beside).decode("ascii", "replace").strip()
    except (FileNotFoundError, DamagedRunError):
        return "it isn't signed"
    key = signing_key()
    expected = _signature(data, of, key)
    if hmac.compare_digest(found.encode(), expected.encode()):
        return ""
    if found.startswith(f"{_fingerprint(key)} "):
        return "it was changed after it had been signed"
    return "its signature isn't yours: another user's, or another machine's"


def why_not_own(file: Path, data: bytes, of: str = "") -> str:
    """Return as `why_untrusted`, also for who can have no key and so has signed nothing."""
    try:
        return why_untrusted(file, data, of)
    except WorkspaceException as error:
        return str(error)


def signing_key() -> bytes:
    """Return this user's key, made with its first use. Raises WorkspaceException where they can have none."""
    path = private_folder() / _KEY
    if not path.exists():
        old = runtime_folder() / _KEY
        _make_key(path, _read_key(old) or os.urandom(_KEY_BYTES))
        old.unlink(missing_ok=True)
    with path.open("rb") as file:
        found, key = os.fstat(file.fileno()), file.read()
    is_private = found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & _OTHERS
    if not (is_private or is_declared_safe(path)) or len(key) != _KEY_BYTES:
        raise WorkspaceException(
            f"{path} is not a key that only this user can read ({len(key)} bytes, mode "
            f"{stat.S_IMODE(found.st_mode):o}); remove it: a new one is made, and what it signed asks for trust"
        )
    return key


def _beside(file: Path) -> Path:
    return file.with_suffix(".sig")


def _signature(data: bytes, of: str, key: bytes) -> str:
    told = f"{of}\n".encode() if of else b""
    return f"{_fingerprint(key)} {hmac.new(key, told + data, hashlib.sha256).hexdigest()}"


def _fingerprint(key: bytes) -> str:
    """Return what tells keys apart without telling them."""
    return hashlib.sha256(b"cellrun key " + key).hexdigest()[:16]


def _read_key(path: Path) -> bytes | None:
    """Return the key that cellrun 0.1 kept in the runtime folder, which goes with the last login."""
    try:
        key = path.read_bytes()
    except OSError:
        return None
    return key if len(key) == _KEY_BYTES else None


def _make_key(path: Path, key: bytes) -> None:
    """Write a key whole; of several processes at it, the first one's stays."""
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    file = os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
    try:
        with file:
            file.write(key)
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        draft.replace(path)  # of two that make it at this moment, what the earlier one signed asks for trust
    finally:
        draft.unlink(missing_ok=True)
