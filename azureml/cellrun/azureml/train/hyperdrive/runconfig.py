"""azureml.train.hyperdrive.runconfig: what a sweep is to do."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.sweep.config": ["HyperDriveConfig", "HyperDriveRunConfig"],
        "cellrun.core.sweep.primary_metric": ["PrimaryMetricGoal"],
    },
)
