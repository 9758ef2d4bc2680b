"""azureml.data.abstract_dataset: what all datasets have."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core.data.datasets.abstract_dataset": ["AbstractDataset"]})
