"""azureml.data.dataset_factory: how datasets are made."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.data.datasets.file_dataset_factory": ["FileDatasetFactory"],
        "cellrun.core.data.datasets.tabular_dataset_factory": ["TabularDatasetFactory"],
        "cellrun.core.data.tables.data_type": ["DataType"],
        "cellrun.core.data.tables.headers": ["PromoteHeadersBehavior"],
    },
)
