"""Loads only what this user made, or says to trust: to load a pickle runs whatever code it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cellrun.core.context.manifest import Blob, Context
from cellrun.core.context.reader import load
from cellrun.core.context.signature import why_untrusted
from cellrun.core.context.snapshot_code import changed_code, text_hash
from cellrun.core.context.value_store import ValueStore, digest_as
from cellrun.core.errors import ContextException, UntrustedError

_MOST_LISTED = 5


class VerifiedStore(ValueStore):
    """A value store whose values are only handed out if their content has the hash by which they are named."""

    def open(self, blob: Blob) -> memoryview:
        """Return the bytes as `ValueStore.open` does. Raises ContextException for bytes that were changed, too."""
        view = super().open(blob)
        self._verify(blob, view)
        return view

    def read(self, blob: Blob) -> memoryview:
        """Return a copy of the bytes: nobody can change it between the look at its hash and its loading."""
        view = memoryview(bytearray(super().open(blob)))
        self._verify(blob, view)
        return view

    def _verify(self, blob: Blob, view: memoryview) -> None:
        if digest_as(blob.hash, view) != blob.hash:
            raise ContextException(f"{self.path(blob)} was changed since it was written: it can't be used")


def read_trusted(folder: Path, *, trust: bool = False) -> Context:
    """Return the context in a folder, of which nothing is loaded, if this user's own key signed it or `trust` says so.

    Raises UntrustedError if neither is so, ContextException if there is none or a newer cellrun wrote it.
    """
    data = Context.bytes_in(folder)
    if not trust and (why := why_untrusted(folder, data)):
        raise UntrustedError("what this cell was captured with", why)
    return Context.of_bytes(data, folder)


def check_code(context: Context, folder: Path) -> None:
    """Raise UntrustedError if the code in a copy of the snapshot isn't what the context's signature covers."""
    if not context.code:
        raise _untrusted_code("the cellrun that submitted it signed no code")
    if words := changed_code(context.code, folder):
        more = f" (and {len(words) - _MOST_LISTED} more)" if len(words) > _MOST_LISTED else ""
        raise _untrusted_code(f"{', '.join(words[:_MOST_LISTED])}{more} after it had been signed")


def check_cell(context: Context, source: str) -> None:
    """Raise UntrustedError if a text of the notebook's cell isn't the one that the context's signature covers."""
    if text_hash(source) != context.cell_hash:
        raise _untrusted_code("the text of the cell was changed after it had been signed")


def _untrusted_code(why: str) -> UntrustedError:
    return UntrustedError("the code that the cell took along", why, "runs here")


def load_trusted(folder: Path, store: ValueStore, namespace: dict[str, Any], *, trust: bool = False) -> Context:
    """Load the context in a folder into a namespace, as `load_context` does, if it may be trusted.

    Every value must have the content that the context names. Raises UntrustedError if neither this user's own key
    signed it nor `trust` says so, ContextException for what can't be loaded here.
    """
    context = read_trusted(folder, trust=trust)
    load(context, VerifiedStore(store.folder), namespace)
    return context
