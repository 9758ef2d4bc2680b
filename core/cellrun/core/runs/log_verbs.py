"""The verbs of a run that log: values, tables, images, documents, tags, properties."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cellrun.core.errors import UserErrorException, shown

if TYPE_CHECKING:
    from cellrun.core.runs.reader import RunReader
    from cellrun.core.runs.writer import RunWriter

_NOT_GIVEN: Any = object()


class LogVerbs:
    """The part of `Run` that logs.

    What is one document in a schema of Azure ML's, a dict or its JSON text, is kept as a JSON file of the run that has
    the metric's name; the views draw it. Raises UserErrorException for text that is no JSON, and for what is no dict.
    """

    _reader: RunReader
    _writer: RunWriter

    def log(
        self,
        name: str | Mapping[str, Any],
        value: Any = _NOT_GIVEN,
        description: str | float = "",
        step: float | None = None,
    ) -> None:
        """Log one value of a metric: a number, text, bool or None. Several become a curve, over `step` if given.

        A dict of names and values logs each. A number that follows the value or the dict is the step, as other
        libraries have it. An array or tensor of one element is its number. Anything else is kept as text, and a warning
        says once a name what keeps it as numbers.

        Like every log call it has been written when it returns. Raises InvalidMetricError for a number that can't be
        kept exactly. `description` isn't kept.
        """
        if type(name) is not str and isinstance(name, Mapping):  # by its type: this is in every log call
            step = step if value is _NOT_GIVEN else value
            for each, its in name.items():
                self._writer.log(each, its, step)
            return
        if value is _NOT_GIVEN:
            raise UserErrorException(
                f"run.log takes a name and a value, run.log('loss', 0.5), or a dict of them; got {shown(name)} alone"
            )
        if type(description) is not str and step is None and isinstance(description, (int, float)):
            step = description
        self._writer.log(name, value, step)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:  # noqa: ARG002
        """Log several values of a metric at once: any iterable or array of one dimension."""
        self._writer.log_list(name, value)

    def log_row(self, name: str, description: str | Mapping[str, Any] | None = None, **columns: Any) -> None:
        """Log one row of a metric with several columns: two numbers become a curve of one over the other.

        A dict is taken as well: run.log_row('sine', {'x': 0.1, 'y': 0.2}). Raises UserErrorException for a value alone.
        """
        if isinstance(description, Mapping):
            columns = {**description, **columns}
        elif not (columns or description is None or isinstance(description, str)):
            raise UserErrorException(
                f"run.log_row takes columns by name, run.log_row({shown(name)}, x=0.1, y=0.2), or a dict of them; "
                f"got {shown(description)} alone"
            )
        self._writer.log_row(name, columns)

    def log_table(self, name: str, value: Any, description: str = "") -> None:  # noqa: ARG002
        """Log several rows at once: a dict of columns of one length, or a DataFrame."""
        self._writer.log_table(name, value)

    def log_image(
        self,
        name: str,
        path: str | os.PathLike[str] | None = None,
        plot: Any = None,
        description: str = "",  # noqa: ARG002
    ) -> None:
        """Log an image: a file by its path, or a plot: matplotlib.pyplot or a figure, drawn as PNG; a plotly figure.

        A plotly figure is kept as its JSON (`plotly.io.from_json` reads it), and the run's view draws it.

        Raises UserErrorException unless exactly one is given and is an image.
        """
        self._writer.log_image(name, path, plot)

    def flush(self, timeout_seconds: float = 300) -> None:
        """Do nothing: each call has been written when it returned. Kept for code that was written for Azure ML."""

    def tag(self, key: str, value: object = None) -> None:
        """Set a tag; a value that is no text becomes one."""
        self._writer.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags; the others stay."""
        self._writer.set_tags(tags)

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags by their names; one that isn't there is removed already."""
        self._writer.remove_tags(tags)

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties, also after the run has ended; a value that is no text becomes one.

        Raises UserErrorException for one that there is already with another value: properties never change.
        """
        self._writer.add_properties(properties, self._reader.properties())

    def log_confusion_matrix(self, name: str, value: Mapping[str, Any] | str, description: str = "") -> None:  # noqa: ARG002
        """Log a confusion matrix: `data` has `class_labels` and `matrix`, rows the true classes. Shown as a heatmap."""
        self._writer.log_document(name, value, "confusion_matrix")

    def log_accuracy_table(self, name: str, value: Mapping[str, Any] | str, description: str = "") -> None:  # noqa: ARG002
        """Log what a classifier gets right by its threshold: for each class, rows of TP, FP, TN, FN."""
        self._writer.log_document(name, value, "accuracy_table")

    def log_residuals(self, name: str, value: Mapping[str, Any] | str, description: str = "") -> None:  # noqa: ARG002
        """Log a regression's residuals as a histogram: `bin_edges` and `bin_counts`."""
        self._writer.log_document(name, value, "residuals")

    def log_predictions(self, name: str, value: Mapping[str, Any] | str, description: str = "") -> None:  # noqa: ARG002
        """Log a regression's predictions by bins of the true value: their averages, errors and counts."""
        self._writer.log_document(name, value, "predictions")
