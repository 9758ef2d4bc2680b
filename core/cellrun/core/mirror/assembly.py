"""Files that are written once, put together from the parts that come of them: each version whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from typing import NamedTuple

from cellrun.core.context.manifest import CONTEXT_FILE, Blob, Context, has_context
from cellrun.core.context.signature import sign
from cellrun.core.context.value_store import ValueStore, hash_of
from cellrun.core.disk.control_file import UNREADABLE, folder_beneath
from cellrun.core.disk.whole_files import make_private_folder
from cellrun.core.errors import CellrunError, WorkspaceException, shown
from cellrun.core.layout import RunLayout
from cellrun.core.mirror import received_statuses
from cellrun.core.mirror.arriving import Arriving, Part, Version
from cellrun.core.mirror.frame import Frame
from cellrun.core.mirror.frame_errors import FrameError
from cellrun.core.mirror.local_files import GrowingFile, put_in_place, write_draft
from cellrun.core.mirror.sync_modes import MOST_STATUS_BYTES, MOST_STATUSES_WAITING, SyncMode, status_number
from cellrun.core.store.notes import add_note

_SIGNED = f"results/{CONTEXT_FILE}"


class Added(NamedTuple):
    """What came of a frame."""

    new_bytes: int
    expected: int | None = None
    """From which byte on the file is to be sent, if not from where the frame goes on."""
    note: str = ""
    """Why nothing is added to the file any more; empty if that isn't so."""


class Assembly:
    """Puts files of one run together, and into their places. The caller holds the run's lock."""

    def __init__(self, layout: RunLayout, arriving: Arriving) -> None:
        self._layout = layout
        self._arriving = arriving
        self._named: tuple[Version | None, Collection[str]] = (None, ())
        """The values that results name, and which version of these."""

    def values(self) -> dict[str, int]:
        """Return the values here that results from there name, by their paths, with their sizes."""
        store = ValueStore(self._layout.workspace.values)
        named = {f"values/{name}": store.path(Blob(name, 0)) for name in self._named_values()}
        return {path: value.stat().st_size for path, value in named.items() if value.is_file()}

    def take(self, frame: Frame, mode: SyncMode) -> Added:
        """Take a part of a file, or all of it. Raises FrameError for nonsense, OSError."""
        version = _version(frame)
        if mode is SyncMode.STATUS and version.size > MOST_STATUS_BYTES:
            raise FrameError(f"{shown(frame.file)} has {version.size} bytes: no status is that long")
        if self._is_known(frame.file, mode, version):
            return Added(0)
        if mode is SyncMode.STATUS and self._is_far_ahead(frame.file):
            return Added(0, 0)
        if mode is SyncMode.VALUE and frame.file.split("/")[1] not in self._named_values():
            return Added(0, 0)  # it comes after the results that name it
        part = self._arriving.part(frame.file)
        if part is None and frame.offset == 0 and len(frame.data) == version.size:
            draft = self._arriving.draft_of(frame.file)
            write_draft(draft.parent, draft.name, frame.data)
            return self._finish(frame.file, mode, Part(draft, version), version.size)
        return self._add(frame, mode, version, part)

    def _add(self, frame: Frame, mode: SyncMode, version: Version, part: Part | None) -> Added:
        if part is not None and part.version != version and mode is not SyncMode.VALUE:
            if part.version.mtime_ns > version.mtime_ns:  # a repeated part of an earlier one
                return Added(0)
            part = None
        if part is None:
            if frame.offset:
                return Added(0, 0)
            part = self._arriving.begin_part(frame.file, version)
        before = part.draft.stat().st_size if part.draft.exists() else 0
        size, agrees = GrowingFile(part.draft.parent, part.draft.name).add(frame.offset, frame.data)
        if not agrees:  # it was changed while it was read
            self._arriving.end_part(frame.file)
            return Added(0, 0)
        if frame.offset > size:
            return Added(0, size)
        if size == version.size:
            return self._finish(frame.file, mode, part, size - before)
        return Added(size - before)

    def _finish(self, file: str, mode: SyncMode, part: Part, new_bytes: int) -> Added:
        """Give a file that is whole its place."""
        if mode is SyncMode.STATUS:
            os.replace(part.draft, self._arriving.status_path(status_number(file)))  # noqa: PTH105  # as below
        elif mode is SyncMode.VALUE:
            if not self._keep_value(file, part):
                self._arriving.end_part(file)
                if self._arriving.is_failed_again(file):
                    return Added(0, note=f"{shown(file)} isn't what its name says: it isn't kept")
                return Added(0, 0)
        else:
            if file == _SIGNED:
                self._sign(part)
            put_in_place(part.draft, self._layout.folder, file, part.version.mtime_ns)
            self._arriving.add_once(file, part.version)
        self._arriving.end_part(file)
        return Added(new_bytes)

    def _is_known(self, file: str, mode: SyncMode, version: Version) -> bool:
        if mode is SyncMode.STATUS:
            n = status_number(file)
            return n < received_statuses.next_number(self._layout) or self._arriving.status_path(n).exists()
        if mode is SyncMode.VALUE:
            path = ValueStore(self._layout.workspace.values).path(_blob(file))
            return path.is_file() and path.stat().st_size == version.size
        came = self._arriving.once.get(file)
        return came is not None and (came == version or came.mtime_ns > version.mtime_ns)

    def _is_far_ahead(self, file: str) -> bool:
        """Whether a status has to come again: all that wait are read with each frame that comes."""
        return status_number(file) >= received_statuses.next_number(self._layout) + MOST_STATUSES_WAITING

    def _named_values(self) -> Collection[str]:
        version = self._arriving.once.get(_SIGNED)
        if self._named[0] != version:
            self._named = (version, ())
            with suppress(*UNREADABLE, CellrunError):
                if has_context(self._layout.results):
                    self._named = (version, {blob.hash for blob in Context.read(self._layout.results).blobs()})
        return self._named[1]

    def _keep_value(self, file: str, part: Part) -> bool:
        """Put a value into the workspace's store; False if its content hasn't the hash that is its name."""
        blob, store = _blob(file), ValueStore(self._layout.workspace.values)
        if hash_of(part.draft, like=blob.hash) != blob.hash:
            return False
        make_private_folder(store.folder)
        folder, name = store.path(blob).relative_to(store.folder).parts
        with folder_beneath(store.folder, [folder], makes=True) as to:
            os.replace(part.draft, name, dst_dir_fd=to)  # into an open folder, which has no path
        return True

    def _sign(self, part: Part) -> None:
        """Sign results as ours: their frames came with the run's key. Who can have no key gets them without."""
        results = self._layout.results
        with folder_beneath(self._layout.folder, [results.name], makes=True):
            pass
        try:
            sign(results / CONTEXT_FILE, data=part.draft.read_bytes())
        except WorkspaceException as error:
            add_note(self._layout, f"its results aren't signed: {error}")


def _version(frame: Frame) -> Version:
    size, mtime_ns = frame.facts.get("size"), frame.facts.get("mtime_ns")
    if (
        not (isinstance(size, int) and isinstance(mtime_ns, int))
        or not (0 <= size < 2**62 and 0 <= mtime_ns < 2**63)
        or frame.offset + len(frame.data) > size
    ):
        raise FrameError(f"a frame of {shown(frame.file)} says no size and time that it can have")
    return Version(size, mtime_ns)


def _blob(file: str) -> Blob:
    return Blob(file.split("/")[1], 0)
