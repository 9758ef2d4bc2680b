"""azureml.pipeline.steps.hyper_drive_step: a sweep."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.hyper_drive_step": ["HyperDriveStep", "HyperDriveStepRun"],
    },
)
