"""azureml.core.model: registered models."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core": ["Dataset", "Environment", "Run", "UserErrorException", "WebserviceException"],
        "cellrun.core.errors": ["ModelNotFoundException", "ModelPathNotFoundException"],
        "cellrun.core.models.model": ["Model"],
        "cellrun.core.models.resource_configuration": ["ResourceConfiguration"],
    },
)
