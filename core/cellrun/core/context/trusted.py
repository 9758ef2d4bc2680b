"""Loads only what this user made, or says to trust: to load a pickle runs whatever code it names."""

from __future__ import annotations

from pathlib import Path

from cellrun.core.context.manifest import CONTEXT_FILE, Blob, Context, has_context
from cellrun.core.context.signature import SignedFiles, why_untrusted
from cellrun.core.context.value_store import CheckedStore
from cellrun.core.disk.control_file import read_control_file
from cellrun.core.errors import UntrustedError
from cellrun.core.layout import RunLayout
from cellrun.core.store.record import RunRecord

_DANGER = "brings code that runs here"


class VerifiedStore(CheckedStore):
    """A value store whose values are only handed out if their content has the hash by which they are named."""

    def open(self, blob: Blob) -> memoryview:
        """Return the bytes as `ValueStore.open` does. Raises ContextException for bytes that were changed, too."""
        view = super().open(blob)
        self._check(blob, view)
        return view


class TrustedRun:
    """A run whose code may run here: this user's own key signed what it was submitted with, or `trust` says so.

    Each part is read once, and is what was signed: nobody can change it between that look and its use. All methods
    raise UntrustedError for what was changed, DamagedRunError for what is no regular file.
    """

    def __init__(self, layout: RunLayout, *, trust: bool = False) -> None:
        """Raise UntrustedError if neither is so, ContextException for signed hashes that can't be read."""
        self._layout = layout
        self._is_trusted = trust
        self._signed = SignedFiles(None) if trust else self._own()

    def record(self) -> RunRecord:
        """Return the run's record."""
        path = self._layout.record
        return RunRecord.of_bytes(self._checked(path, self._read(path)), self._layout)

    def launch(self) -> bytes:
        """Return the bytes of its launch spec, which is signed once it is launched. Raises FileNotFoundError."""
        path = self._layout.launch
        data = self._read(path)
        if not self._is_trusted and (why := why_untrusted(path, data, self._layout.run_id)):
            raise self._untrusted(f"{path.name}: {why}")
        return data

    def context(self) -> Context:
        """Return the context of its cell, of which nothing is loaded. Raises ContextException if there is none."""
        folder = self._layout.context
        return Context.of_bytes(self._checked(folder / CONTEXT_FILE, Context.bytes_in(folder)), folder)

    def check_snapshot(self, copy: Path) -> None:
        """Look at a copy of its snapshot, that nobody else can change."""
        self._refuse(self._signed.changed_in(copy))

    def check_copy(self, draft: RunLayout) -> None:
        """Look at copies of its snapshot and its context, in the folder of a run that is being built."""
        self.check_snapshot(draft.snapshot)
        if has_context(draft.context):
            self._checked(self._layout.context / CONTEXT_FILE, Context.bytes_in(draft.context))

    def _own(self) -> SignedFiles:
        path = self._layout.signed
        try:
            data = self._read(path)
        except FileNotFoundError:
            raise self._untrusted("it isn't signed") from None
        if why := why_untrusted(path, data):
            raise self._untrusted(why)
        return SignedFiles.of_bytes(data, path)

    def _read(self, path: Path) -> bytes:
        return read_control_file(self._layout.folder, path)

    def _checked(self, path: Path, data: bytes) -> bytes:
        self._refuse(self._signed.changed(path.relative_to(self._layout.folder).as_posix(), data))
        return data

    def _refuse(self, changed: str) -> None:
        if changed:
            raise self._untrusted(f"{changed} after it had been signed")

    def _untrusted(self, why: str) -> UntrustedError:
        return UntrustedError(f"run {self._layout.run_id}", why, _DANGER)
