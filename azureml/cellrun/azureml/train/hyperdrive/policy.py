"""azureml.train.hyperdrive.policy: when a run is stopped early."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.sweep.policy": [
            "BanditPolicy",
            "EarlyTerminationPolicy",
            "MedianStoppingPolicy",
            "NoTerminationPolicy",
            "TruncationSelectionPolicy",
        ]
    },
)
