"""azureml.pipeline.steps.estimator_step: an estimator."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.estimator_step": ["EstimatorStep"],
    },
)
