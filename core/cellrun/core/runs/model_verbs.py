"""The verb of a run that registers a model which it has made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellrun.core.errors import ModelPathNotFoundException
from cellrun.core.identity import is_own_run

if TYPE_CHECKING:
    from cellrun.core.data.datasets.abstract_dataset import AbstractDataset
    from cellrun.core.experiment import Experiment
    from cellrun.core.layout import RunLayout
    from cellrun.core.models.model import Model
    from cellrun.core.models.model_files import ModelSource
    from cellrun.core.models.resource_configuration import ResourceConfiguration
    from cellrun.core.workspace import Workspace


class ModelVerbs:
    """The part of `Run` that is about models."""

    _layout: RunLayout
    _experiment: Experiment

    def register_model(  # noqa: PLR0913, PLR0917  # Azure ML's signature
        self,
        model_name: str,
        model_path: str | os.PathLike[str] | None = None,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: Iterable[tuple[str, AbstractDataset]] | None = None,
        sample_input_dataset: AbstractDataset | None = None,
        sample_output_dataset: AbstractDataset | None = None,
        resource_configuration: ResourceConfiguration | None = None,
        **_: Any,
    ) -> Model:
        """Register a file or a folder of the run, `outputs/model.pkl`, as the next version of a model; return that.

        Left out, the path is the model's name. In the run's own code, and while it is open in this process, a file
        that isn't the run's (yet) is taken from the current folder. Raises ModelPathNotFoundException for a path that
        isn't there, and what `Model.register` does.
        """
        from cellrun.core.models.metadata import about_model  # noqa: PLC0415  # as above
        from cellrun.core.models.model import register  # noqa: PLC0415  # few runs register one

        about = about_model(
            tags=tags,
            properties=properties,
            description=description,
            datasets=datasets,
            sample_input_dataset=sample_input_dataset,
            sample_output_dataset=sample_output_dataset,
            resource_configuration=resource_configuration,
        )
        source = self._model_source(os.fspath(model_name if model_path is None else model_path))
        framework = (model_framework, model_framework_version)
        return register(self._models_workspace(), source, model_name, about, framework, run=self._model_origin())

    def _models_workspace(self) -> Workspace:
        """Return the workspace in which models of the run are registered."""
        return self._experiment.workspace

    def _model_origin(self) -> tuple[str, str] | None:
        """Return which run made a model, and its experiment."""
        return self._layout.run_id, self._experiment.name

    def _model_source(self, path: str) -> ModelSource:
        """Return what is at a path. Raises ModelPathNotFoundException."""
        from cellrun.core.models.model_files import FilesOfRun, LocalFiles  # noqa: PLC0415  # as above
        from cellrun.core.runs import open_runs  # noqa: PLC0415  # as above

        try:
            return FilesOfRun(self._layout, path)
        except ModelPathNotFoundException:
            is_here = is_own_run(self._layout) or open_runs.get(self._layout.run_id) is not None
            if not (is_here and Path(path).exists()):
                raise
            return LocalFiles(path)
