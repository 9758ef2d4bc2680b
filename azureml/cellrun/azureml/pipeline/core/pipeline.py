"""azureml.pipeline.core.pipeline: a pipeline."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.pipeline": ["Pipeline"],
    },
)
