"""What stands for a view where there are no widgets: nobody looks there."""

from __future__ import annotations

from typing import Any

from cellrun.core import Run


class RunDetails:
    """Says in words what a run is (Azure ML's name)."""

    def __init__(self, run_instance: Run) -> None:
        self._run = run_instance

    def show(self, render_lib: object = None, widget_settings: object = None) -> None:
        """Print the run as it is now."""
        del render_lib, widget_settings
        print(self._run)  # noqa: T201  # what a view shows, in a log

    def get_widget_data(self, widget_settings: object = None) -> dict[str, Any]:
        """Return what there is to show."""
        del widget_settings
        details = self._run.get_details()
        return {"status": details["status"], "run_id": details["runId"], "run_properties": details}
