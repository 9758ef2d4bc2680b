"""azureml.pipeline.steps.python_script_step: a script."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.script_steps": ["PythonScriptStep"],
    },
)
