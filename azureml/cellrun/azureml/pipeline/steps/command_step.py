"""azureml.pipeline.steps.command_step: a command."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.script_steps": ["CommandStep"],
    },
)
