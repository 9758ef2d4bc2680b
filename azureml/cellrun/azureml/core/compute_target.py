"""azureml.core.compute_target: the error of compute targets, and their class."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__, {"cellrun.azureml.core.compute": ["ComputeTarget"], "cellrun.core.errors": ["ComputeTargetException"]}
)
