"""`RunDetails(run).show()`: the live view of a run below a cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from cellrun.core import front_end
from cellrun.core.errors import RunEnvironmentException
from cellrun.core.layout import RunLayout
from cellrun.core.runs.run import Run
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import TERMINAL
from cellrun.widgets.bundle import cellrun_version
from cellrun.widgets.outputs import Output, Outputs, Publish
from cellrun.widgets.run_view import RunView
from cellrun.widgets.still.html import live_html
from cellrun.widgets.text import log_lines, run_text

MIME_TYPE = "application/vnd.cellrun.run.v1+json"
MIME_VERSION = 1
LOG_LINES = 100

_outputs = Outputs()
_views: dict[Path, RunView] = {}  # by run folder: a run shown twice has two views of one widget, fed by one thread


class RunDetails:
    """The live view of a run (Azure ML: `azureml.widgets.RunDetails`)."""

    def __init__(self, run_instance: Run) -> None:
        self._run = run_instance

    def show(self, render_lib: object = None, widget_settings: object = None) -> None:
        """Show the run below the cell, live until it ends; outside a notebook print it as it is now. Returns at once.

        Both arguments are Azure ML's, for code that passes them; they change nothing.
        """
        del render_lib, widget_settings
        try:
            text = run_text(self._run.layout)
        except RunEnvironmentException as error:
            print(error)  # noqa: T201  # a run outside a run prints what it's given; there is nothing to look at
            return
        shell = get_ipython()
        if shell is None or getattr(shell, "kernel", None) is None:
            print(text)  # noqa: T201  # a terminal has no other place to show it
            return
        bundle = self.widget._repr_mimebundle_()  # IPython's protocol, public by its nature
        live = {name: value for name, value in (bundle or ({}, {}))[0].items() if name != "text/plain"}
        lasting = {MIME_TYPE: reference(self._run.layout)}
        words = {"text/html": live_html(text, cellrun_version()), "text/plain": text}
        place = display({**live, **lasting, **words}, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        if publish := _publisher(shell, place.display_id):
            ended = self._run.status in TERMINAL
            is_told, view = front_end.cell_id(front_end.request(shell)) is not None, self.widget
            output = Output(
                self._run.layout, publish, live, lasting, ended, is_watched=lambda: is_told or view.was_heard
            )
            _outputs.add(output, shell)

    def _ipython_display_(self) -> None:
        """Show the run where a cell's last line is the view itself, as people write it."""
        self.show()

    @property
    def widget(self) -> RunView:
        """The widget of the run in this kernel, made and started when it is first asked for."""
        folder = self._run.layout.folder
        view = _views.get(folder)
        if view is None or view.comm is None:  # closed by Widget.close_all()
            view = _views[folder] = RunView(self._run)
            view.start()
        return view

    def get_widget_data(self, widget_settings: object = None) -> dict[str, Any]:
        """Return what the view shows, under the names of Azure ML's widget; its settings change nothing."""
        del widget_settings
        details = self._run.get_details()
        return {
            "status": details["status"],
            "run_id": details["runId"],
            "run_properties": details,
            "run_metrics": self._run.get_metrics(),
            "run_logs": "\n".join(log_lines(self._run.layout, LOG_LINES)),
        }


def _publisher(shell: InteractiveShell, display_id: str) -> Publish | None:
    """Return what puts data into a displayed output, from any thread; None where the output is only captured.

    The shell's publisher of this moment: while another cell captures its output the shell has another one.
    """
    publisher = shell.display_pub
    if isinstance(publisher, CapturingDisplayPublisher):
        return None
    return lambda data: publisher.publish(dict(data), {}, transient={"display_id": display_id}, update=True)


def reference(layout: RunLayout) -> dict[str, Any]:
    """Return what a saved output says of a run: enough for a front end to find it again, and no secret."""
    record = RunRecord.read(layout)
    return {"version": MIME_VERSION, "workspace_id": record.workspace_id, "run_id": record.id}
