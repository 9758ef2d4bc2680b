"""azureml.data.dataset_error_handling: the errors of datasets."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__, {"cellrun.core.errors": ["DatasetExecutionError:DatasetError", "DatasetValidationError:DatasetError"]}
)
