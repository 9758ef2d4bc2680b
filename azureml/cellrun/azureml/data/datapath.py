"""azureml.data.datapath: a path of a datastore, and how a run is given it."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core.data.stores.data_path": ["DataPath", "DataPathComputeBinding"]})
