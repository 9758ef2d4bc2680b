"""azureml.telemetry: nothing is sent to anybody."""

from __future__ import annotations

import logging
from typing import Any


def set_diagnostics_collection(
    send_diagnostics: bool = True,  # noqa: FBT001, FBT002  # Azure's signature
    verbosity: int = logging.WARNING,
    reason: str = "",
) -> None:
    """Do nothing."""
    del send_diagnostics, verbosity, reason


def get_telemetry_log_handler(*_given: Any, **_named: Any) -> logging.Handler:
    """Return a handler that does nothing."""
    return logging.NullHandler()


def is_diagnostics_collection_info_available() -> bool:
    """Return whether somebody has said what may be sent: nothing is."""
    return True
