"""azureml.widgets: the view of a run below a cell."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.widgets": ["RunDetails"]})
