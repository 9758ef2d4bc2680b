"""The code that a run starts with, as one text to be compared: its cell with what was captured, or its script."""

from __future__ import annotations

from cellrun.core.context.manifest import Context
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.store.files.run_files import SnapshotFiles
from cellrun.core.store.record import RunRecord

_MOST_BYTES = 128 * 1024  # of what comes besides the cell


def code_of(layout: RunLayout, record: RunRecord) -> str | None:
    """Return what a run starts with: its cell, then what was captured with it; or its script; None for neither.

    A captured function or class stands below its name. A script that isn't offered, or is very long, is none.
    """
    if record.cell:
        return "\n\n\n".join([str(record.cell["source"]).rstrip("\n"), *_captured(layout)])
    return _script(layout, record.script) if record.script else None


def _captured(layout: RunLayout) -> list[str]:
    """Return the definitions that were captured with a cell, in the order of their names, as far as they are few."""
    try:
        definitions = Context.read(layout.context).definitions
    except CellrunError:  # an interactive run's cell has none; a newer cellrun's is a matter of its views
        return []
    found: list[str] = []
    left = _MOST_BYTES
    for name, definition in sorted(definitions.items()):
        left -= len(definition.text)
        if left < 0:
            break
        found.append(f"# captured: {name}\n{definition.text.rstrip()}")
    return found


def _script(layout: RunLayout, name: str) -> str | None:
    try:
        opened = SnapshotFiles(layout).open(name)
    except (CellrunError, OSError):
        return None
    with opened.file:
        if opened.size_bytes > _MOST_BYTES:
            return None
        return opened.file.read().decode("utf-8", "replace")
