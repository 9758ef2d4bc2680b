"""azureml.train: what is trained, and how: estimators, hyperdrive."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {})
