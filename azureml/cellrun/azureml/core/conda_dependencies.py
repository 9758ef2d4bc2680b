"""azureml.core.conda_dependencies: the packages of an environment."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["CondaDependencies"]})
