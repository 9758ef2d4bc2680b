"""azureml.data.abstract_datastore: what all datastores have."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["AbstractDatastore:Datastore"]})
