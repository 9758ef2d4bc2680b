"""What users log that is one document in a schema of Azure ML's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellrun.core.runs.writer import RunWriter


class DocumentVerbs:
    """The part of `Run` that logs documents: dicts, or their JSON text, in Azure ML's schemas.

    Each is kept as a JSON file of the run that has the metric's name; the views draw it. Raises UserErrorException for
    text that is no JSON, and for what is no dict.
    """

    _writer: RunWriter

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
