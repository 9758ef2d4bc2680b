"""azureml.train.hyperdrive: one script with many hyperparameters."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.sweep.config": ["HyperDriveConfig", "HyperDriveRunConfig"],
        "cellrun.core.sweep.policy": [
            "BanditPolicy",
            "EarlyTerminationPolicy",
            "MedianStoppingPolicy",
            "NoTerminationPolicy",
            "TruncationSelectionPolicy",
        ],
        "cellrun.core.sweep.primary_metric": ["PrimaryMetricGoal"],
        "cellrun.core.sweep.run": ["HyperDriveRun"],
        "cellrun.core.sweep.sampler": [
            "BayesianParameterSampling",
            "GridParameterSampling",
            "HyperParameterSampling",
            "RandomParameterSampling",
        ],
        "cellrun.core.sweep.space": [
            "choice",
            "lognormal",
            "loguniform",
            "normal",
            "qlognormal",
            "qloguniform",
            "qnormal",
            "quniform",
            "randint",
            "uniform",
        ],
    },
)
