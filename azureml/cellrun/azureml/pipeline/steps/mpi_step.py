"""azureml.pipeline.steps.mpi_step: several processes of a script."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.script_steps": ["MpiStep"],
    },
)
