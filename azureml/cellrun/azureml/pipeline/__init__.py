"""azureml.pipeline: steps that follow from one another."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {})
