"""azureml.data: data by name."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.azureml.data.datapath": ["DataPath"],
        "cellrun.core": ["FileDataset", "OutputFileDatasetConfig", "TabularDataset"],
        "cellrun.core.data.tables.data_type": ["DataType"],
    },
)
