"""azureml.data.data_reference: a path of a datastore as a variable of the job."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["DataReference"]})
