"""Signatures: whose a file is, by a key that only this user has; what a run was submitted with; what a job was ordered.

To load a pickle is to run code. A context names each of its values by the hash of its content, and `signed.json` has
the hashes of what a run was submitted with (record, context, snapshot; by paths in its folder, so that a workspace of
one's own that is moved stays one's own): a signature of one file covers them all. The key is in the home of cellrun,
never with a run: a copy of a run carries no secret.

A cell's job finds what somebody else may have changed since it was submitted. Its order, by way of its command line, is
the hash of `signed.json`: no secret, and without a key.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cellrun.core.context.manifest import CONTEXT_FILE, Context
from cellrun.core.context.value_store import SHA256, CheckedStore, digest_as, hash_of
from cellrun.core.disk.control_file import check_parts, read_control_file
from cellrun.core.disk.ownership import is_declared_safe
from cellrun.core.disk.whole_files import NO_LINKS, replace_file
from cellrun.core.errors import ContextException, DamagedRunError, WorkspaceException, problem_of
from cellrun.core.front_end import plain_line
from cellrun.core.layout import RunLayout

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
    import hmac  # noqa: PLC0415  # a job signs nothing

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
    from cellrun.core.places import private_folder, runtime_folder  # noqa: PLC0415  # as above

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
    import hmac  # noqa: PLC0415  # as above

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


SIGNED_VERSION = 1
_SNAPSHOT = "snapshot/"
_MOST_LISTED = 5
_CODE = frozenset(
    {
        *(".py", ".pyw", ".pyc", ".pyo", ".pyx", ".ipy", ".so", ".pyd", ".dll", ".dylib", ".zip", ".egg", ".whl"),
        *(".pth", ".ipynb", ".sh", ".bash", ".r", ".jl"),
    }
)
"""Endings of what Python loads as code or finds code in, and of what a cell's magics run."""


class SignedFiles:
    """The hashes of a run's files; None where whatever is there is trusted."""

    def __init__(self, hashes: Mapping[str, str] | None) -> None:
        self._hashes = hashes

    @classmethod
    def of_bytes(cls, data: bytes, path: Path) -> SignedFiles:
        """Read the bytes of a run's `signed.json`. Raises ContextException if they are damaged or newer."""
        try:
            check_parts(data)
            content = json.loads(data)
            if content["version"] > SIGNED_VERSION:
                raise ContextException(
                    f"{path} has version {content['version']}, this cellrun knows {SIGNED_VERSION}: update"
                )
            return cls({str(name): str(digest) for name, digest in content["files"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ContextException(f"{path} is damaged: {error!r}") from error

    def changed(self, name: str, data: bytes) -> str:
        """Return what has become of a file of a run's folder, whose content is `data`, in words; empty if nothing."""
        if self._hashes is None:
            return ""
        digest = self._hashes.get(name)
        if digest is None:
            return f"{name} was added"
        return "" if digest_as(digest, memoryview(data)) == digest else f"{name} was changed"

    def changed_in(self, folder: Path, *, code_only: bool = False) -> str:
        """Return what isn't as it was in a copy of the snapshot, in words: `helper.py was changed`; empty if nothing.

        `code_only`: look only at what may be run; other files are data, which may be large.
        """
        if self._hashes is None:
            return ""
        signed = {
            name.removeprefix(_SNAPSHOT): digest
            for name, digest in self._hashes.items()
            if name.startswith(_SNAPSHOT) and (not code_only or _is_code(name))
        }
        found = {name: file for name, file in _files(folder) if not code_only or _is_code(name)}
        words = [f"{name} was added" for name in (*found, *_links(folder)) if name not in signed]
        for name, digest in signed.items():
            if name not in found:
                words.append(f"{name} was removed")
            elif hash_of(found[name], like=digest) not in {digest, None}:
                words.append(f"{name} was changed")
        more = f" (and {len(words) - _MOST_LISTED} more)" if len(words) > _MOST_LISTED else ""
        return ", ".join(map(plain_line, words[:_MOST_LISTED])) + more


def write_hashes(layout: RunLayout) -> str:
    """Write the hashes of what a run that is being built is submitted with; return that file's own sha256."""
    paths = [layout.record, *layout.context.glob(CONTEXT_FILE), *(file for _, file in _files(layout.snapshot))]
    hashes = {path.relative_to(layout.folder).as_posix(): _new_hash(path) for path in paths}
    data = json.dumps({"version": SIGNED_VERSION, "files": hashes}, indent=0).encode()
    layout.signed.write_bytes(data)
    return order_of(data)


def order_of(data: bytes) -> str:
    """Return the hash of a run's `signed.json`, which its job is told."""
    return hashlib.sha256(data).hexdigest()


def _new_hash(path: Path) -> str:
    """Return a file's hash: of what a job checks, one that any Python can make."""
    return hash_of(path, like=SHA256 if _is_code(path.name) or path.suffix == ".json" else "") or ""


def _is_code(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in _CODE  # noqa: PTH122  # a text


def _links(top: Path) -> Iterator[str]:
    """Iterate over the links below a folder, by their path with slashes: code may be behind any of them."""
    for folder, folders, names in os.walk(top):
        for path in (Path(folder, name) for name in (*folders, *names)):
            if path.is_symlink():
                yield path.relative_to(top).as_posix()


def _files(top: Path) -> Iterator[tuple[str, Path]]:
    """Iterate over the plain files below a folder, by their path with slashes. Links aren't followed."""
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if stat.S_ISREG(file.lstat().st_mode):
                yield file.relative_to(top).as_posix(), file


_OPTION = "cellrun_signed"  # of `python -X`: an earlier cellrun in the job's Python takes no notice
_VARIABLE = "CELLRUN_RUN_SIGNED"  # for the processes that the cell spawns


def with_order(argv: Sequence[str], order: str) -> tuple[str, ...]:
    """Return the command that starts a cell, with its order in place of the one that an earlier run had."""
    program, *rest = argv
    if len(rest) > 1 and rest[0] == "-X" and rest[1].startswith(f"{_OPTION}="):
        rest = rest[2:]
    return (program, "-X", f"{_OPTION}={order}", *rest)


class OrderedRun:
    """The run that this process is part of, as it was ordered; one whose order says nothing is taken as it is."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._signed: SignedFiles | None = None
        self.values = CheckedStore(layout.workspace.values)
        """The values of the workspace: pickles are what was submitted."""

    def context(self) -> Context:
        """Return the context of its cell. Raises ContextException for one that was changed, or can't be read."""
        folder = self._layout.context
        data = Context.bytes_in(folder)
        self._refuse(self._files().changed(f"{folder.name}/{CONTEXT_FILE}", data))
        return Context.of_bytes(data, folder)

    def check_code(self) -> None:
        """Raise ContextException if the code in the working folder isn't what was submitted. For before it has run."""
        self._refuse(self._files().changed_in(self._layout.work, code_only=True))

    def _files(self) -> SignedFiles:
        if self._signed is None:
            self._signed = self._ordered()
        return self._signed

    def _ordered(self) -> SignedFiles:
        order = str(sys._xoptions.get(_OPTION) or os.environ.get(_VARIABLE, ""))  # noqa: SLF001  # the documented name
        if not order:  # submitted by an earlier cellrun
            return SignedFiles(None)
        os.environ[_VARIABLE] = order
        path = self._layout.signed
        try:
            data = read_control_file(self._layout.folder, path)
        except (OSError, DamagedRunError) as error:
            raise ContextException(f"{path} can't be read: {problem_of(error)}") from error
        if order_of(data) != order:
            self._refuse(f"{path.name} was changed")
        return SignedFiles.of_bytes(data, path)

    def _refuse(self, changed: str) -> None:
        if changed:
            raise ContextException(f"{changed} after the run had been submitted: nothing of it is run")
