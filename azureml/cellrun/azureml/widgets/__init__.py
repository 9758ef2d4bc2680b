"""azureml.widgets: the view of a run below a cell; in a job's own Python, which may have no widgets, its words."""

from importlib.util import find_spec

from cellrun.azureml.lazy import lazily

_PLACE = "cellrun.widgets" if find_spec("cellrun.widgets") else "cellrun.azureml.widgets.in_words"
__getattr__, __dir__ = lazily(__name__, {_PLACE: ["RunDetails"]})
