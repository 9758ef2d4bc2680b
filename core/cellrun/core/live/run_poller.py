"""What is new in a run's folder since the last poll: what a feed is fed with."""

from __future__ import annotations

import mimetypes
import time
from pathlib import PurePosixPath
from typing import Any

from cellrun.core.context.account import needs_of
from cellrun.core.errors import CellrunError, WorkspaceException
from cellrun.core.layout import RunLayout
from cellrun.core.live.feed import METRICS_SHOWN, News
from cellrun.core.live.frame import ImagePart
from cellrun.core.live.header import header
from cellrun.core.places import WorkspaceRecord
from cellrun.core.resources import limits
from cellrun.core.runs.control import control_of
from cellrun.core.runs.logged_document import DOCUMENT_MIME, is_document
from cellrun.core.runs.logged_image import PLOTLY_SUFFIX
from cellrun.core.store.events.column_cache import ColumnCache
from cellrun.core.store.files.log_tail import LogReader
from cellrun.core.store.files.run_files import OutputFiles
from cellrun.core.store.notes import run_notes
from cellrun.core.store.record import RunRecord, place_text
from cellrun.core.store.status import StatusFile

PLOTLY_MIME = "application/vnd.plotly.v1+json"
READ_BYTES = 8_000_000  # of events in one poll, so that the first one of a long history soon shows something
SETTLE_S = 1.0
_BEGINNING_BYTES = 64
_TEXTS = {".md": "text/markdown", ".tex": "text/latex"}


class RunPoller:
    """Polls a run's folder: each poll costs what is new in it.

    Raises OSError or RunNotFoundError when the folder is gone.
    """

    def __init__(self, layout: RunLayout) -> None:
        self.layout = layout
        self._record = RunRecord.read(layout)
        self._workspace = _workspace_name(layout)
        self._needs = needs_of(layout.context)
        self._status_file = StatusFile(layout)
        self._control = control_of(layout)  # a look at a queued run lets the queue move on, as any reader's does
        self._status = self._control.status()
        self._next_settle = time.monotonic() + SETTLE_S
        self._columns = ColumnCache(layout)
        self._metrics = self._columns.metrics(self._record.tags)
        self._is_first_poll = self._is_whole = True
        self._files = OutputFiles(layout)
        self._images_seen = 0
        self._hidden = 0
        self._log = LogReader.of_run(layout)
        self.has_ended = False
        """Whether the run has ended and all of it was seen."""

    def poll(self) -> News:
        """Return what is new since the last poll."""
        self._read_status()
        ended_before = self._status.status.is_terminal  # all that a run writes is written before its last status
        before = self._metrics.reader.cursor
        changed = self._metrics.update(READ_BYTES)
        if self._is_first_poll:
            self._is_first_poll = False
            changed |= self._metrics.metrics.keys()  # what was kept is as new to the views
        if self._is_whole:
            self._columns.keep(self._metrics)
        images = self._metrics.shown[self._images_seen :]
        self._images_seen += len(images)
        self.has_ended = ended_before and self._metrics.reader.cursor == before
        news = News(
            header=self._header(),
            elapsed_s=self._status.elapsed_s,
            log_size=self._log.size,
            metrics=[self._metrics.metrics[name] for name in self._metrics.metrics if name in changed],
            images=[self._image(name, path) for name, path in images],
        )
        if self.has_ended:
            self._is_whole = False
            self._metrics.metrics.clear()  # what is drawn is in the feed: a long history needn't stay in memory
        return news

    def read_log(self, offset: int, most_bytes: int) -> bytes:
        """Return raw bytes of the log."""
        return self._log.read(offset, most_bytes)

    def read_image(self, path: str) -> bytes | None:
        """Return the bytes of one of the run's images or pages, None if it isn't there any more."""
        try:
            opened = self._files.open(path)
            with opened.file:
                return opened.file.read(opened.size_bytes) if opened.size_bytes <= limits().image_bytes else None
        except (CellrunError, OSError):
            return None

    def _header(self) -> dict[str, Any]:
        return header(
            self._record,
            self._status,
            self._metrics,
            workspace=self._workspace,
            notes=self._notes(),
            place=place_text(self.layout, self._record.target),
            needs=self._needs,
        )

    def _read_status(self) -> None:
        now = time.monotonic()
        if now >= self._next_settle:
            self._next_settle = now + SETTLE_S
            self._status = self._control.status()
        elif self._status_file.has_changed(self._status.n):
            self._status = self._status_file.read()

    def _image(self, name: str, path: str) -> ImagePart:
        guessed = _TEXTS.get(PurePosixPath(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        mime = PLOTLY_MIME if path.endswith(PLOTLY_SUFFIX) else guessed
        try:
            opened = self._files.open(path)
            with opened.file:
                if is_document(opened.file.read(_BEGINNING_BYTES)):
                    mime = DOCUMENT_MIME
            size = opened.size_bytes
        except (CellrunError, OSError):
            size = 0
        return ImagePart(name, path, mime, size, None)

    def _notes(self) -> list[str]:
        """Return what the reader of the view should know about what isn't in it."""
        notes = run_notes(self.layout, self._status) + self._metrics.reader.damage_notes()
        self._hidden = max(self._hidden, len(self._metrics.metrics) - METRICS_SHOWN)
        if self._hidden:
            notes.append(f"{self._hidden} more metrics: run.get_metrics() has them all")
        return notes


def _workspace_name(layout: RunLayout) -> str:
    try:
        return WorkspaceRecord.read(layout.workspace).name
    except WorkspaceException:  # a run folder that was copied out of its workspace
        return ""
