"""azureml.pipeline.core: pipelines, what goes from step to step, and their runs."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.data.in_run.output": ["OutputFileDatasetConfig"],
        "cellrun.core.pipelines.parameter": ["PipelineParameter"],
        "cellrun.core.pipelines.pipeline": ["Pipeline"],
        "cellrun.core.pipelines.pipeline_data": [
            "InputPortBinding",
            "OutputPortBinding",
            "PipelineData",
            "TrainingOutput",
        ],
        "cellrun.core.pipelines.pipeline_dataset": ["PipelineOutputFileDataset", "PipelineOutputTabularDataset"],
        "cellrun.core.pipelines.pipeline_run": ["PipelineRun"],
        "cellrun.core.pipelines.port_data": ["PortDataReference", "StepRunOutput"],
        "cellrun.core.pipelines.step": ["PipelineStep"],
        "cellrun.core.pipelines.step_run": ["StepRun"],
        "cellrun.core.pipelines.step_sequence": ["StepSequence"],
    },
)
