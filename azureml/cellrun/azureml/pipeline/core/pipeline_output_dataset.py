"""azureml.pipeline.core.pipeline_output_dataset: what a step makes, as a dataset."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.pipelines.pipeline_dataset": [
            "PipelineOutputAbstractDataset",
            "PipelineOutputFileDataset",
            "PipelineOutputTabularDataset",
        ],
    },
)
