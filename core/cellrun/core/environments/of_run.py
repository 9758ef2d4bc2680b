"""The environment that a run asked for, read back from its record."""

from __future__ import annotations

import sys

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.environment import Environment
from cellrun.core.store.record import RunRecord


def environment_of_run(record: RunRecord) -> Environment:
    """Return what a run asked for; of one that asked for nothing to be built, the Python that it was for.

    Raises UserErrorException for what no environment is.
    """
    if record.environment_spec is not None:
        return Environment.from_spec(EnvironmentSpec.from_json(record.environment_spec))
    interpreter = record.interpreter or sys.executable  # an interactive run's is the one that opened it
    return Environment.from_spec(EnvironmentSpec(name=record.environment or "python", interpreter=interpreter))
