"""azureml.data.output_dataset_config: where a run's output goes."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.core": ["OutputFileDatasetConfig"]})
