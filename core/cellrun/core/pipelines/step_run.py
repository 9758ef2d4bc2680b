"""The run of one step of a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellrun.core.data.stores.datastore import Datastore
from cellrun.core.errors import UserErrorException
from cellrun.core.pipelines import watching
from cellrun.core.pipelines.port_data import PortDataReference, StepRunOutput
from cellrun.core.pipelines.told_status import told_status
from cellrun.core.run_data import RunOutput
from cellrun.core.runs.run import Run
from cellrun.core.store.files.log_tail import LogReader
from cellrun.core.store.record import RunRecord

if TYPE_CHECKING:
    from cellrun.core.experiment import Experiment

_ALWAYS_S = 9223372036854775807


class StepRun(Run):
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

    def get_status(self) -> str:
        """Return its status; what is "Completed" equals "Finished", too."""
        return told_status(super().get_status())

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

    def wait_for_completion(  # type: ignore[override]  # Azure ML's, which differs from Run's
        self,
        show_output: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        timeout_seconds: float = _ALWAYS_S,
        raise_on_error: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> str:
        """Wait until the step has ended, with `show_output` printing its log; return its status.

        Raises ActivityFailedException if it Failed, unless `raise_on_error` is False; ExperimentExecutionException when
        the time is up or it is interrupted: the step goes on.
        """
        self._control.refuse_own_wait()
        with watching.interruptible(self.id):
            watching.watch_step(self, watching.Deadline(self.id, timeout_seconds), show_output=show_output)
        return watching.ended(self, raise_on_error=raise_on_error, show_output=show_output)

    def _own_record(self) -> RunRecord:
        return RunRecord.read(self.layout)
