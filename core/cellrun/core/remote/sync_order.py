"""The order by which what runs have written comes home, many runs in one answer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame import encode
from cellrun.core.mirror.run_key import key_of
from cellrun.core.mirror.sender import Sender
from cellrun.core.remote.protocol import Message
from cellrun.core.remote.remote_workspace import RemoteWorkspace

_MOST_BYTES = 4 << 20
_LEAST_BYTES = 1 << 16


class SyncOrder:
    """What one connection has sent of each run; another one is told what is there already."""

    def __init__(self) -> None:
        self._senders: dict[Path, Sender] = {}
        self._keys: dict[Path, bytes] = {}
        self._last = ""
        """The run that the last answer ended with: the next one begins behind it."""

    def sync(self, order: Message) -> Message:
        """`workspace`, `runs` (`Receiver.have` by run, or None: go on), `final` (runs whose job has ended) → frames.

        The answer's bytes are frames, about `most_bytes` of them (4 MB). `more`: there was no room for all; `whole`:
        runs that have ended and are wholly sent; `unknown`: those that aren't there; `anew`: those of which this
        connection has sent nothing: it has to be told what is at home; `progress`: of a run of which more is to come,
        how many bytes are at home by then, and of how many.
        """
        there = RemoteWorkspace(order.facts["workspace"])
        most = max(_LEAST_BYTES, min(int(order.facts.get("most_bytes", _MOST_BYTES)), _MOST_BYTES))
        final, data = set(order.facts["final"]), bytearray()
        told: dict[str, Any] = {"more": False, "whole": [], "unknown": [], "anew": [], "progress": {}}
        for run_id, have in order.facts["runs"].items():
            if have is not None:
                layout, known = there.run(run_id), {path: (int(size), int(at)) for path, (size, at) in have.items()}
                self._senders[layout.folder] = Sender(layout, known)
        for run_id in self._in_turn(order.facts["runs"]):
            layout = there.run(run_id)
            key, sender = self._key(layout), self._senders.get(layout.folder)
            if key is None or sender is None:
                told["unknown" if key is None else "anew"].append(run_id)
                continue
            if len(data) >= most:
                told["more"] = True
                break
            for frame in sender.frames(is_final=run_id in final, most_bytes=most - len(data)):
                data += encode(frame, key)
            self._last = run_id
            told["more"] |= sender.has_more
            if sender.has_more:
                told["progress"][run_id] = [sender.sent_bytes(), sender.size_bytes()]
            if sender.has_ended:
                told["whole"].append(run_id)
        return Message(told, bytes(data))

    def _key(self, layout: RunLayout) -> bytes | None:
        """Return the key of a run that is there; None if it isn't."""
        if not layout.record.exists():
            return None
        if (key := self._keys.get(layout.folder)) is None and (key := key_of(layout)):
            self._keys[layout.folder] = key
        return key

    def _in_turn(self, runs: Iterable[str]) -> list[str]:
        """Return the runs, those first that came last, or not at all, the last time: a large one lets others come."""
        return sorted(runs, key=lambda run: (run <= self._last, run))
