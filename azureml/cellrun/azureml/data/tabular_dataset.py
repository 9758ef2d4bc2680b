"""azureml.data.tabular_dataset: a dataset of tables."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["TabularDataset"]})
