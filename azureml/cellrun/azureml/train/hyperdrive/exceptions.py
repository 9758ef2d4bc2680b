"""azureml.train.hyperdrive.exceptions: what a sweep can't be."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.errors": [
            "HyperDriveException:CellrunError",
            "HyperDriveConfigException:InvalidSubmissionError",
            "HyperDriveNotImplementedException:NotSupportedError",
        ]
    },
)
