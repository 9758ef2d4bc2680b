"""azureml.data.file_dataset: a dataset of files."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["FileDataset"]})
