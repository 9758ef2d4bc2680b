"""azureml.exceptions: the errors of the old SDK.

Those that core raises are core's own; the others are here so that code which names them can be imported.
"""

from __future__ import annotations

from typing import Any

from cellrun.core.errors import (
    ActivityFailedException,
    CellrunError,
    ComputeTargetException,
    DatasetTimestampMissingError,
    ExperimentExecutionException,
    ModelNotFoundException,
    ModelPathNotFoundException,
    RunEnvironmentException,
    SnapshotException,
    UserErrorException,
    WebserviceException,
    WorkspaceException,
)

__all__ = [
    "ActivityCanceledException",
    "ActivityFailedException",
    "AuthenticationException",
    "AzureMLAggregatedException",
    "AzureMLException",
    "ComputeTargetException",
    "DatasetTimestampMissingError",
    "DiscoveryUrlNotFoundException",
    "ExperimentExecutionException",
    "ModelNotFoundException",
    "ModelPathNotFoundException",
    "ParallelRunException",
    "ProjectSystemException",
    "RunConfigurationException",
    "RunEnvironmentException",
    "ServiceException",
    "SnapshotException",
    "TrainingException",
    "UserErrorException",
    "WebserviceException",
    "WorkspaceException",
    "WorkspacePrivateEndpointException",
]

AzureMLException = CellrunError


class AzureMLAggregatedException(CellrunError):
    """Several errors at once."""

    def __init__(self, exceptions_list: list[BaseException], **named: Any) -> None:
        super().__init__("\n".join(map(str, exceptions_list)), **named)
        self.exceptions_list = exceptions_list


class AuthenticationException(CellrunError):
    """Who one is in Azure can't be shown: nobody asks here."""


class ActivityCanceledException(CellrunError):
    """A run that was canceled: waiting for one raises nothing, there and here."""


class DiscoveryUrlNotFoundException(CellrunError):
    """A service's address that isn't known."""


class ParallelRunException(UserErrorException):
    """A step over many files that can't go on."""


class ProjectSystemException(CellrunError):
    """A folder that is no project."""


class RunConfigurationException(CellrunError):
    """A RunConfiguration that can't be."""


class ServiceException(CellrunError):
    """An answer of a service that says no."""


class TrainingException(CellrunError):
    """An estimator that can't be."""


class WorkspacePrivateEndpointException(WorkspaceException):
    """A private endpoint of a workspace in Azure."""
