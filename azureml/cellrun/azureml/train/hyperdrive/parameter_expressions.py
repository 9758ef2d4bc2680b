"""azureml.train.hyperdrive.parameter_expressions: what hyperparameters are drawn from."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
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
        ]
    },
)
