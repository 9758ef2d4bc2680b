"""azureml.pipeline.core.graph: parameters, and how data goes in and out."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.parameter": ["PipelineParameter"],
        "cellrun.core.pipelines.pipeline_data": ["InputPortBinding", "OutputPortBinding", "TrainingOutput"],
    },
)
