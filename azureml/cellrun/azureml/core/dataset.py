"""azureml.core.dataset: datasets."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["Dataset"]})
