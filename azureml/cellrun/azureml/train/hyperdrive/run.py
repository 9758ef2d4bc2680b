"""azureml.train.hyperdrive.run: a sweep that was submitted."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__, {"cellrun.core.sweep.run": ["HyperDriveRun"], "cellrun.core.sweep.primary_metric": ["PrimaryMetricGoal"]}
)
