"""azureml.train.hyperdrive.sampling: which hyperparameters come next."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.sweep.sampler": [
            "BayesianParameterSampling",
            "GridParameterSampling",
            "HyperParameterSampling",
            "RandomParameterSampling",
        ]
    },
)
