"""azureml.pipeline.core.builder: what pipelines are built of."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.pipeline_data": ["PipelineData"],
        "cellrun.core.pipelines.step": ["PipelineStep"],
        "cellrun.core.pipelines.step_sequence": ["StepSequence"],
    },
)
