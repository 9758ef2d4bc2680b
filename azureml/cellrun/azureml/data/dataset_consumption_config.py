"""azureml.data.dataset_consumption_config: how a run is given a dataset."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["DatasetConsumptionConfig"]})
