"""The outputs that show runs: which there are, and what takes the place of a live view that has an end."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.runs.control import control_of
from cellrun.widgets.still import drawing

LOOK_S = 0.5
DRAW_S = 60.0
LAST_DRAW_S = 4.0  # a server kills a kernel that isn't gone five seconds after it was asked to go

Publish = Callable[[Mapping[str, Any]], None]


@dataclass(eq=False)
class Output:
    """A place where a run is shown. `publish(data)` puts other data there.

    `live` is what only a living kernel can feed (the widget's view); `keeps_live` when the reader asked to see a run
    that had ended already: its view stays until the kernel goes.
    """

    layout: RunLayout
    publish: Publish
    live: Mapping[str, Any]
    lasting: Mapping[str, Any]
    keeps_live: bool

    def settle(self, still: Mapping[str, Any], *, is_last: bool) -> None:
        """Show a still, beside the live view where that goes on."""
        live = self.live if self.keeps_live and not is_last else {}
        self.publish({**live, **self.lasting, **still})


class Outputs:
    """The outputs of this kernel whose runs may still change.

    Responsibilities: a daemon thread, while there are any, which puts a still into each output whose run has ended; at
    the kernel's end one into all others. So a saved notebook shows something wherever it is opened.
    """

    def __init__(self) -> None:
        self._open: list[Output] = []
        self._kept: list[Output] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._hears_of_the_end = False

    def add(self, output: Output) -> None:
        """Follow an output from now on."""
        with self._lock:
            if not self._hears_of_the_end:
                self._hears_of_the_end = True
                atexit.register(self._end)
            self._open.append(output)
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="cellrun stills", daemon=True)
                self._thread.start()

    def _follow(self) -> None:
        pause = threading.Event()
        while self._settle_ended():
            pause.wait(LOOK_S)

    def _settle_ended(self) -> bool:
        """Settle the outputs whose run has ended; return whether there are others to wait for."""
        for output in [output for output in self._open if _has_ended(output.layout)]:
            _settle([output], DRAW_S, is_last=False)
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

    def _end(self) -> None:
        """Settle all that is left, since the kernel goes."""
        with self._lock:
            left, self._open, self._kept = [*self._open, *self._kept], [], []
        _settle(left, LAST_DRAW_S, is_last=True)


def _has_ended(layout: RunLayout) -> bool:
    try:
        return control_of(layout).status().status.is_terminal
    except (CellrunError, OSError, ValueError, KeyError, TypeError):
        return True  # gone or damaged: there is nothing to wait for


def _settle(outputs: Sequence[Output], within_s: float, *, is_last: bool) -> None:
    stills = drawing.drawn([output.layout for output in outputs], within_s)
    for output in outputs:
        if still := stills.get(str(output.layout.folder)):
            output.settle(still, is_last=is_last)
