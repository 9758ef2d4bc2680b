"""azureml.pipeline.steps: what a step may be."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.estimator_step": ["EstimatorStep"],
        "cellrun.core.pipelines.hyper_drive_step": ["HyperDriveStep", "HyperDriveStepRun"],
        "cellrun.core.pipelines.script_steps": ["CommandStep", "MpiStep", "PythonScriptStep"],
    },
)
