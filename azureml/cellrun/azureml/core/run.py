"""azureml.core.run: a run, and the one of code outside runs."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.azureml.core": ["get_run"],
        "cellrun.core.offline.offline_run": ["_OfflineRun"],
        "cellrun.core.runs.run": ["Run", "ScriptRun:Run"],
    },
)
