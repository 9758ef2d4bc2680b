"""The pictures and pages that a run's cell shows, kept with the run."""

from __future__ import annotations

import sys
import threading
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Hashable, Mapping
from io import BytesIO
from types import FrameType
from typing import Any

from cellrun.core import names
from cellrun.core.cell.display.shown import Label
from cellrun.core.errors import CellrunError, InvalidNameError
from cellrun.core.layout import RunLayout
from cellrun.core.resources import limits
from cellrun.core.runs.files import RunFiles
from cellrun.core.runs.logged_image import LoggedImage
from cellrun.core.runs.writer import RunWriter
from cellrun.core.store.events.event_log import EventLog

FOLDER = "displayed"
"""Where in the run's files it is: not below outputs/, which the cell may list or clear."""
_IMAGES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
}
"""Of an object that comes in several, the first is kept."""
_PAGES = {
    "text/html": ".html",
    "text/markdown": ".md",
    "text/latex": ".tex",
    "application/pdf": ".pdf",
    "application/vnd.vegalite": ".vl.json",
}
_TEXTS = (".svg", ".html", ".md", ".tex", ".json")
_VIEWED = (".html", ".md", ".tex")
"""Of an object without an image, the first of these is what its run's view shows."""
UPDATE_S = 1.0
"""So often views are told that a display was updated."""
_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
{body}
"""


class Kept:
    """What the cell of one run has shown so far.

    Responsibilities: a name for each; its file, and an event for what is an image; the limits on number and size. That
    something can't be kept never fails the cell: it is said in the log.
    """

    def __init__(self, layout: RunLayout, cell: str) -> None:
        """`cell` is the file name that the cell's code has."""
        self._cell = cell
        self._files = RunFiles(layout)
        self._writer = RunWriter(lambda: EventLog.of(layout), self._files)
        self._lock = threading.RLock()
        self._names: dict[Hashable, str] = {}
        self._of_kind: Counter[str] = Counter()
        self._of_name: Counter[str] = Counter()
        self._pages: dict[tuple[str, str], tuple[str, int, float]] = {}  # name, size and when it was told, by display
        self._untold: dict[str, str] = {}  # names of pages that changed since views were told, by file
        self._kept_files = 0
        self._kept_bytes = 0
        self._said: set[str] = set()

    def keep(self, bundle: Mapping[str, Any], label: Label, display_id: str | None = None) -> str | None:
        """Keep of one object, given by MIME type, the image and the page; text isn't kept, a log has it.

        Of a display that is updated all images are kept, in a row, but only the last page: a bar shows thousands.
        Return the file that shows it best; None if nothing was kept.
        """
        image = next((mime for mime in _IMAGES if bundle.get(mime)), None)
        pages = [(ending, bundle[mime]) for mime in bundle if bundle[mime] and (ending := _page_ending(mime))]
        endings = [ending for ending, _ in pages]
        viewed = None if image else next((ending for ending in _VIEWED if ending in endings), None)
        kept: dict[str, str | None] = {}
        with self._lock:
            if image:
                kept[""] = self._keep(_IMAGES[image], bundle[image], label, display_id, is_image=True)
            for ending, data in pages:
                kept[ending] = self._keep(ending, data, label, display_id, is_image=False, is_viewed=ending == viewed)
        best = [kept.get(""), kept.get(viewed or ""), *kept.values()]
        return next((file for file in best if file is not None), None)

    def tell_rest(self) -> None:
        """Tell views of the pages that were updated too soon after the last time: they show the last of each."""
        with self._lock:
            try:
                while self._untold:
                    file_name, name = self._untold.popitem()
                    self._writer.tell_page(name, file_name)
            except (CellrunError, OSError) as error:
                self._say(f"views aren't told of the last update: {error}")

    def _keep(  # noqa: PLR0913  # what is known of one file
        self,
        ending: str,
        data: Any,
        label: Label,
        display_id: str | None,
        *,
        is_image: bool,
        is_viewed: bool = False,
    ) -> str | None:
        kind = label.kind or ("image" if is_image else ending.lstrip(".").partition(".")[0])
        name = self._name(kind, label, display_id)
        try:
            content = _content(ending, data, name)
            file_name = self._file_name(name, ending)
            if not is_image:
                display = (display_id, ending) if display_id else None
                return self._keep_page(name if is_viewed else None, file_name, content, display)
            if not self._has_room(len(content)):
                return None
            image = LoggedImage(file_name, BytesIO(content))
            self._writer.keep_image(name, image)
        except (CellrunError, OSError, TypeError, ValueError) as error:
            self._say(f"{name} isn't kept with the run: {error}")
            return None
        return image.file_name

    def _keep_page(
        self, viewed: str | None, file_name: str, content: bytes, display: tuple[str, str] | None
    ) -> str | None:
        """Keep a page, in place of the one that the same display showed before; `viewed` is its name in the view."""
        before = self._pages.get(display) if display else None
        if not self._has_room(len(content), before and before[1]):
            return None
        page = LoggedImage(file_name, BytesIO(content))
        now = time.monotonic()
        if before:
            page = LoggedImage(before[0], page.source)
            self._files.add(page.file_name, page.source, overwrite=True)
        else:
            page = page.renamed(lambda taken: self._files.has_other(taken, page.source))
            self._writer.upload_file(page.file_name, page.source)
        told_at = before[2] if before else -UPDATE_S
        if viewed and now - told_at >= UPDATE_S:
            self._untold.pop(page.file_name, None)
            self._writer.tell_page(viewed, page.file_name)
            told_at = now
        elif viewed:
            self._untold[page.file_name] = viewed
        if display:
            self._pages[display] = page.file_name, len(content), told_at
        return page.file_name

    def _name(self, kind: str, label: Label, display_id: str | None) -> str:
        if label.name:
            try:
                return names.metric_name(label.name)
            except InvalidNameError:
                pass
        place = (kind, display_id) if display_id else (kind, self._line(), label.part)
        if place not in self._names:
            self._of_kind[kind] += 1
            self._names[place] = f"{kind}_{self._of_kind[kind]}"
        return self._names[place]

    def _line(self) -> int:
        """Return which line of the cell is being executed; 0 for a thread, and after the cell's end."""
        line = 0
        frame: FrameType | None = sys._getframe()  # noqa: SLF001  # inspect's own way costs an import
        while frame is not None:
            if frame.f_code.co_filename == self._cell:
                line = frame.f_lineno
            frame = frame.f_back
        return line

    def _file_name(self, name: str, ending: str) -> str:
        slug = names.slug(name) or "shown"
        number = self._of_name[slug + ending]
        self._of_name[slug + ending] += 1
        return f"{FOLDER}/{slug}{f'-{number}' if number else ''}{ending}"

    def _has_room(self, size_bytes: int, before_bytes: int | None = None) -> bool:
        """Return whether a file may be kept, and count it; `before_bytes` had the one that it replaces."""
        most = limits()
        if size_bytes > most.image_bytes:
            size, limit = size_bytes / 1e6, most.image_bytes / 1e6
            self._say(f"one of {size:.1f} MB isn't kept: the limit is {limit:.1f} MB (CELLRUN_IMAGE_BYTES)")
            return False
        files = self._kept_files + (before_bytes is None)
        size_of_all = self._kept_bytes + size_bytes - (before_bytes or 0)
        if files > most.displayed_files or size_of_all > most.displayed_bytes:
            self._say(
                f"no more is kept: the limit is {most.displayed_files:,} files (CELLRUN_DISPLAYED_FILES) or "
                f"{most.displayed_bytes / 1e6:,.0f} MB (CELLRUN_DISPLAYED_BYTES)"
            )
            return False
        self._kept_files, self._kept_bytes = files, size_of_all
        return True

    def _say(self, what: str) -> None:
        """Say it in the log, once."""
        if what not in self._said:
            self._said.add(what)
            sys.stderr.write(f"cellrun: of what this cell displays, {what}\n")


def _page_ending(mime: str) -> str | None:
    return next((ending for known, ending in _PAGES.items() if mime == known or mime.startswith(f"{known}.")), None)


def _content(ending: str, data: Any, title: str) -> bytes:
    """Return what a file holds. Pictures come as bytes or as base64, vega's charts as what JSON is made of."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    if not isinstance(data, str):
        import json  # noqa: PLC0415  # charts alone

        return json.dumps(data).encode()
    text: str = data
    if not ending.endswith(_TEXTS):
        return b64decode(text)
    if ending == ".html" and not text.lstrip()[:15].lower().startswith(("<!doctype", "<html")):
        text = _PAGE.format(title=title.replace("&", "&amp;").replace("<", "&lt;"), body=text)
    return text.encode("utf-8", "replace")
