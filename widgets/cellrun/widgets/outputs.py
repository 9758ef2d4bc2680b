"""The outputs that show runs: which there are, and what takes the place of a live view that has an end."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core.disk.control_file import UNREADABLE
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.runs.control import control_of
from cellrun.widgets.still import drawing

POLL_S = 0.5
DRAW_S = 60.0
LAST_DRAW_S = 4.0  # a server kills a kernel that isn't gone five seconds after it was asked to go

DRAWING_S, DRAWING_SHARE = 2.0, 0.1
"""Stills of runs that go on, but for the first of each, may take so many seconds, and this share of the time."""

Publish = Callable[[Mapping[str, Any]], None]


@dataclass(eq=False)
class Output:
    """A place where a run is shown. `publish(data)` puts other data there.

    `live` is what only a living kernel can feed (the widget's view); `keeps_live` when the reader asked to see a run
    that had ended already: its view stays until the kernel goes. `is_watched()` tells whether a page shows it, to which
    something can be told at any time; else its front end listens only while a cell runs, and then saves what it heard.
    """

    layout: RunLayout
    publish: Publish
    live: Mapping[str, Any]
    lasting: Mapping[str, Any]
    keeps_live: bool
    is_watched: Callable[[], bool]
    still: Mapping[str, Any] = field(default_factory=dict)
    """What stands in the place of the live view."""
    looked_at: object = None
    """What there was of the run when its still was drawn."""

    def settle(self, still: Mapping[str, Any], *, keeps_live: bool) -> None:
        """Show a still, beside the live view where that goes on."""
        self.still = {} if keeps_live else still
        self.publish({**(self.live if keeps_live else {}), **self.lasting, **still})

    def revive(self) -> None:
        """Show the live view again beside its still: there is a page that asks for it."""
        if self.still:
            self.settle(self.still, keeps_live=True)


class Outputs:
    """The outputs of this kernel whose runs may still change.

    Responsibilities: a daemon thread, while there are any, which puts a still into each output whose run has ended; at
    the end of each cell stills into those that nobody would hear of later; at the kernel's end one into all others. So
    a saved notebook shows something wherever it is opened.
    """

    def __init__(self) -> None:
        self._open: list[Output] = []
        self._kept: list[Output] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._shell: InteractiveShell | None = None
        self._began = 0.0
        self._drew_s = 0.0

    def add(self, output: Output, shell: InteractiveShell) -> None:
        """Follow an output of a shell's cell from now on."""
        with self._lock:
            if self._shell is None:
                self._shell, self._began = shell, time.monotonic()
                shell.events.register("post_run_cell", self._after_cell)
                atexit.register(self._end)
            self._open.append(output)
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="cellrun stills", daemon=True)
                self._thread.start()

    def _follow(self) -> None:
        pause = threading.Event()
        while self._settle_ended():
            pause.wait(POLL_S)

    def _settle_ended(self) -> bool:
        """Settle the outputs on pages whose run has ended; return whether there are others to wait for."""
        for output in [output for output in self._open if output.is_watched()]:
            if not _has_ended(output.layout):
                output.revive()
                continue
            _settle([output], DRAW_S)
            with self._lock:
                if output not in self._open:  # the kernel ends
                    continue
                self._open.remove(output)
                if output.keeps_live:
                    self._kept.append(output)
        with self._lock:
            if not self._open:
                self._thread = None
            return bool(self._open)

    def _after_cell(self, _: object) -> None:
        """Settle the outputs that no page watches, ended or not, before their front end stops listening.

        Runs that go on are drawn once, and again as far as that takes a small share of the notebook's time.
        """
        drawn = []
        for output in [output for output in self._open if not output.is_watched()]:
            looked_at = _parts(output.layout)
            has_room = self._drew_s < DRAWING_S + DRAWING_SHARE * (time.monotonic() - self._began)
            if looked_at != output.looked_at and (has_room or not output.still or _has_ended(output.layout)):
                output.looked_at = looked_at
                drawn.append(output)
        began = time.monotonic()
        _settle(drawn, DRAW_S, is_last=True)
        self._drew_s += time.monotonic() - began

    def _end(self) -> None:
        """Settle all that is left, since the kernel goes."""
        with self._lock:
            left, self._open, self._kept = [*self._open, *self._kept], [], []
        _settle(left, LAST_DRAW_S, is_last=True)


def _parts(layout: RunLayout) -> object:
    """Return what differs once a run has logged, printed or gone on."""
    folders = (layout.events, layout.statuses, layout.log.parent)
    try:
        return [(path.name, path.stat().st_size) for folder in folders for path in folder.glob("*")]
    except OSError:  # being deleted
        return None


def _has_ended(layout: RunLayout) -> bool:
    try:
        return control_of(layout).status().status.is_terminal
    except (CellrunError, *UNREADABLE):
        return True  # gone or damaged: there is nothing to wait for


def _settle(outputs: Sequence[Output], within_s: float, *, is_last: bool = False) -> None:
    stills = drawing.drawn([output.layout for output in outputs], within_s)
    for output in outputs:
        if still := stills.get(str(output.layout.folder)):
            output.settle(still, keeps_live=output.keeps_live and not is_last)
