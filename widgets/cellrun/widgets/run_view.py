"""The widget: a run's live view in the notebook, its kernel half."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

from cellrun.core.errors import CellrunError
from cellrun.core.live.log_window import PART_BYTES
from cellrun.core.runs.run import Run
from cellrun.core.store.files.log_tail import LogBytes, LogReader
from cellrun.core.store.record import RunRecord
from cellrun.widgets import bundle
from cellrun.widgets.view_feed import ViewFeed

LOG_ANSWER_BYTES = 256 * 1024

# What a question can be refused for: the run's state, its files, or the question itself. The view is told.
_REFUSALS = (CellrunError, OSError, KeyError, TypeError, ValueError)


class RunView(anywidget.AnyWidget):
    """The model of one run's views. Its state is small and fixed: what changes goes in messages (see `frame`).

    Responsibilities: the comm; the answers to what a view asks (bundle, hello, leave, log, rank_log, cancel).
    """

    _esm = traitlets.Unicode().tag(sync=True)
    # Which run it is: a page that has the run from the Jupyter server needs no frames from here.
    workspace_id = traitlets.Unicode().tag(sync=True)
    run_id = traitlets.Unicode().tag(sync=True)

    def __init__(self, run: Run) -> None:
        self._run = run
        self.was_heard = False
        """Whether a page has ever asked for anything."""
        self._feed = ViewFeed(run.layout, self._tell)
        self.on_msg(self._answer)  # first: on a subshell, an answer to the comm's opening may come before this returns
        record = RunRecord.read(run.layout)
        super().__init__(_esm=bundle.loader(), workspace_id=record.workspace_id, run_id=record.id)
        _answer_while_busy(self.comm)

    def start(self) -> None:
        """Begin to feed the views, in a thread of their own that ends with the run."""
        self._feed.start()

    def close(self) -> None:
        """Take the widget out of all pages and end its thread; the run goes on."""
        if hasattr(self, "_feed"):  # a widget that could not be made is closed too
            self._feed.rest()
        super().close()

    def _tell(self, content: dict[str, Any], buffers: Sequence[bytes]) -> None:
        self.send(content, buffers)

    def _answer(self, _widget: Any, content: dict[str, Any], _buffers: Sequence[bytes]) -> None:
        """Answer a view's question; on any thread, also while a cell runs."""
        self.was_heard = True
        kind = content.get("type")
        try:
            if kind == "hello":
                self._feed.hello(int(content["frame"]))
            elif kind == "leave":
                self._feed.rest()
            elif kind == "bundle":
                answer = {"type": "bundle", "version": bundle.cellrun_version(), "encoding": "gzip"}
                self._tell(answer, [bundle.view()])
            elif kind == "log":
                self._answer_log(int(content["start"]), int(content["end"]))
            elif kind == "rank_log":
                self._answer_rank_log(int(content["rank"]), content["start"])
            elif kind == "cancel":
                self._run.cancel()
        except _REFUSALS as error:
            self._tell({"type": "error", "message": f"{kind}: {error}"}, [])

    def _answer_log(self, start: int, end: int) -> None:
        start = max(0, start, end - LOG_ANSWER_BYTES)
        data = LogReader.of_run(self._run.layout).read(start, max(0, end - start))
        self._tell({"type": "log", "start": start, "end": start + len(data)}, [data])

    def _answer_rank_log(self, rank: int, start: int | None) -> None:
        """Answer with what a process of a distributed run has printed from a byte on, or with its end."""
        log = LogReader.of_run(self._run.layout, rank)
        part = log.tail(PART_BYTES) if start is None else LogBytes(start, log.read(int(start), LOG_ANSWER_BYTES))
        about = {
            "type": "rank_log",
            "rank": rank,
            "start": part.offset,
            "size": max(log.size, part.offset + len(part.data)),
        }
        self._tell(about, [part.data])


def _answer_while_busy(comm: Any) -> None:
    """Let the front end choose the thread on which its messages are answered.

    JupyterLab sends a widget's messages to a subshell, so that they are answered while a cell runs. ipykernel 7.4 sends
    them back to the shell that last used the comm from Python, which is the one that is busy.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, subshell_id: subshell_id  # noqa: SLF001
