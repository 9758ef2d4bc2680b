"""azureml.pipeline.core.run: the runs of pipelines and their steps."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.pipeline_run": ["PipelineRun"],
        "cellrun.core.pipelines.port_data": ["PortDataReference", "StepRunOutput"],
        "cellrun.core.pipelines.step_run": ["StepRun"],
    },
)
