"""azureml.core.exceptions: the errors, by another name."""

from cellrun.azureml.exceptions import __all__ as _names
from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.azureml.exceptions": _names})
