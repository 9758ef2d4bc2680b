"""The run of one step of a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.errors import UserErrorException
from cellrun.core.pipelines import watching
from cellrun.core.pipelines.port_data import PortDataReference, StepRunOutput
from cellrun.core.pipelines.watched_run import WatchedRun
from cellrun.core.run_data import RunOutput
from cellrun.core.store.files.log_tail import LogReader
from cellrun.core.store.record import RunRecord

if TYPE_CHECKING:
    from cellrun.core.experiment import Experiment


class StepRun(WatchedRun):
    """The run of a step (Azure ML's name): its parent is the pipeline's run."""

    def __init__(  # Azure ML's signature
        self,
        experiment: Experiment,
        step_run_id: str,
        pipeline_run_id: str | None = None,
        node_id: str | None = None,
        _service_endpoint: object = None,
        _is_reused: object = None,
        _current_node_id: object = None,
        _reused_run_id: object = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(experiment, step_run_id, **kwargs)
        del pipeline_run_id, node_id  # its record has them

    @property
    def name(self) -> str:
        """The step's name."""
        return self.properties.get("azureml.moduleName") or super().name

    @property
    def pipeline_run_id(self) -> str | None:
        """The id of the pipeline's run."""
        return self._own_record().parent

    @property
    def is_reused(self) -> bool:
        """Whether an earlier run has done its work."""
        return "azureml.reusedrunid" in self.properties

    def get_outputs(self) -> dict[str, StepRunOutput]:
        """Return its outputs by name."""
        return {name: self.get_output(name) for name in self._own_record().outputs}

    def get_output(self, name: str) -> StepRunOutput:
        """Return an output. Raises UserErrorException for a name that it hasn't."""
        return StepRunOutput(name, self.get_output_data(name))

    def get_output_data(self, name: str) -> PortDataReference:
        """Return where an output is kept. Raises UserErrorException for a name that it hasn't."""
        outputs = self._own_record().outputs
        if name not in outputs:
            known = ", ".join(map(repr, outputs)) or "none"
            raise UserErrorException(f"step {self.name!r} has no output {name!r}; it has: {known}")
        output = RunOutput.from_json(outputs[name])
        return PortDataReference(
            name, Datastore(self.experiment.workspace, output.datastore or None), output.path_of(self.id)
        )

    def get_job_log(self) -> str:
        """Return what the step has printed; the verbs of old versions for its streams return the same."""
        log = LogReader.of_run(self.layout)
        return log.read(0, log.size).decode("utf-8", "replace")

    def get_stdout_log(self) -> str:
        """Return `get_job_log()`."""
        return self.get_job_log()

    def get_stderr_log(self) -> str:
        """Return `get_job_log()`."""
        return self.get_job_log()

    def _watch(self, deadline: watching.Deadline, *, show_output: bool) -> None:
        watching.watch_step(self, deadline, show_output=show_output)

    def _own_record(self) -> RunRecord:
        return RunRecord.read(self.layout)
