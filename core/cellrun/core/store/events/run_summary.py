"""A whole run's summary: what its writers summed up, merged, and what came after that."""

from __future__ import annotations

from contextlib import suppress

from cellrun.core.disk.ownership import is_mine
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.events.summary import Summary, read_summaries, stale_writers, write_summary


def run_summary(layout: RunLayout) -> Summary:
    """Return a run's events in short, up to the last one: a second's worth of them is read at most."""
    parts = read_summaries(layout)
    _read_on(layout, parts)
    return _merged(parts)


def listed_summary(layout: RunLayout, *, has_ended: bool) -> Summary:
    """Return a run's events in short, as a list shows them: while the run lives, as of a second ago.

    Of a run that has ended, what killed writers left unsummed is read, once for all.
    """
    parts = read_summaries(layout)
    if has_ended and (stale := stale_writers(layout, parts)):
        _read_on(layout, parts)
        for writer, size_bytes in stale.items():
            part = parts.setdefault(writer, Summary())
            part.offset = size_bytes  # a torn end included: nothing will come to it
            with suppress(OSError):  # not ours to write, a full disk: the next look reads on again
                if is_mine(layout.folder):
                    write_summary(layout, writer, part.to_json())
    return _merged(parts)


def _read_on(layout: RunLayout, parts: dict[str, Summary]) -> None:
    for events in EventReader(layout, {writer: part.offset for writer, part in parts.items()}).batches():
        for event in events:
            parts.setdefault(event["w"], Summary()).apply(event)


def _merged(parts: dict[str, Summary]) -> Summary:
    whole = Summary()
    for part in parts.values():
        whole.merge(part)
    return whole
