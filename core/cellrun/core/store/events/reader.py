"""The reading end of a run's events: what is new since the last look, from all its writers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter

from cellrun.core.disk.control_file import names_in
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.event_tail import Damage, Event, EventTail

__all__ = ["BATCH_BYTES", "Damage", "Event", "EventReader"]

BATCH_BYTES = 1 << 20
_DAMAGE_TOLD = 3


class EventReader:
    """Reads a run's events, each once, from where its cursor stands.

    Events of several writers are merged by their time, which never runs back within a writer; what a writer adds later
    comes later. A damaged record is left out and told; an unfinished one at a file's end is waited for. Given `damage`
    is what an earlier reader met before the cursor.
    """

    def __init__(
        self, layout: RunLayout, cursor: Mapping[str, int] | None = None, damage: Iterable[Damage] = ()
    ) -> None:
        self.layout = layout
        self._start = dict(cursor or {})
        self._damage_before = list(damage)
        self._tails: dict[str, EventTail] = {}

    @property
    def cursor(self) -> dict[str, int]:
        """Where to read on: by writer, the bytes of its file that were read. Another reader can start from it."""
        return {**self._start, **{writer: tail.offset for writer, tail in self._tails.items()}}

    @property
    def damage(self) -> list[Damage]:
        """The damaged records met so far."""
        return [*self._damage_before, *(damage for tail in self._tails.values() for damage in tail.damage)]

    def damage_notes(self) -> list[str]:
        """Return the damaged records met so far, in words: the first ones each by itself."""
        damage = self.damage
        notes = [str(each) for each in damage[:_DAMAGE_TOLD]]
        if len(damage) > _DAMAGE_TOLD:
            notes.append(f"{len(damage) - _DAMAGE_TOLD} more damaged records")
        return notes

    @property
    def has_more(self) -> bool:
        """Whether the last look left something to read."""
        return any(tail.has_more for tail in self._tails.values())

    def is_cut(self) -> bool:
        """Whether a file ends before what was read of it: it is another one by now."""
        return any(tail.is_cut() for tail in self._tails.values())

    def torn(self) -> list[Damage]:
        """Return the unfinished record at the end of each file: for a run that has ended they are damage too."""
        return [damage for tail in self._tails.values() for damage in tail.torn()]

    def read(self, max_bytes: int = BATCH_BYTES) -> list[Event]:
        """Return the next events, of at most so many bytes (or one record) of each file; [] if none is new."""
        waiting = [tail for tail in self._find_tails() if tail.fill(max_bytes)]
        if len(waiting) == 1:
            return waiting[0].take(math.inf)
        # A file that goes on may hold events as early as the last one read of it, but no earlier.
        until = min((tail.last_at for tail in waiting if tail.has_more), default=math.inf)
        events = [event for tail in waiting for event in tail.take(until)]
        events.sort(key=itemgetter("t"))
        return events

    def batches(self, max_bytes: int = BATCH_BYTES) -> Iterator[list[Event]]:
        """Iterate over all that is new now, in batches."""
        while events := self.read(max_bytes):
            yield events
            if not self.has_more:
                return

    def _find_tails(self) -> list[EventTail]:
        for name in sorted(names_in(self.layout.folder, self.layout.events)):
            writer, _, kind = name.partition(".")
            if kind == "jsonl" and writer not in self._tails:
                self._tails[writer] = EventTail(self.layout.events / name, self._start.get(writer, 0))
        return list(self._tails.values())
