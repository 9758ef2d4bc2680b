"""The part that the runs of a pipeline and of its steps share: how they are waited for."""

from __future__ import annotations

from abc import abstractmethod

from cellrun.core.pipelines import watching
from cellrun.core.pipelines.azure_status import azure_status
from cellrun.core.runs.run import Run
from cellrun.core.runs.watch import interruptible

_ALWAYS_S = 9223372036854775807


class WatchedRun(Run):
    """A run of a pipeline, or of one of its steps."""

    def get_status(self) -> str:
        """Return its status; what is "Completed" equals "Finished", too."""
        return azure_status(super().get_status())

    def wait_for_completion(  # type: ignore[override]  # Azure ML's, which differs from Run's
        self,
        show_output: bool = True,  # noqa: FBT001, FBT002  # Azure ML's signature
        timeout_seconds: float = _ALWAYS_S,
        raise_on_error: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> str:
        """Wait until it has ended, with `show_output` printing its log, or those of its steps; return its status.

        Raises ActivityFailedException if it Failed, unless `raise_on_error` is False; ExperimentExecutionException when
        the time is up or it is interrupted: the run goes on.
        """
        self._control.refuse_own_wait()
        with interruptible(self.id):
            self._watch(watching.Deadline(self.id, timeout_seconds), show_output=show_output)
        return watching.ended(self, raise_on_error=raise_on_error, show_output=show_output)

    @abstractmethod
    def _watch(self, deadline: watching.Deadline, *, show_output: bool) -> None:
        """Wait until it has ended, printing what there is to be seen."""
