"""azureml.core.resource_configuration: what a model would need where it is served."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core.models.resource_configuration": ["ResourceConfiguration"]})
