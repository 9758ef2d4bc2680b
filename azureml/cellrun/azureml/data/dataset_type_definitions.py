"""azureml.data.dataset_type_definitions: what datasets are made with."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.data.datasets.legacy_verbs": ["HistogramCompareMethod"],
        "cellrun.core.data.tables.encodings": ["FileEncoding"],
        "cellrun.core.data.tables.headers": ["PromoteHeadersBehavior", "SkipLinesBehavior"],
    },
)
