"""The environment that a run asked for, read back from its record."""

from __future__ import annotations

import sys

from cellrun.core.context.trusted import TrustedRun
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.environment import Environment
from cellrun.core.layout import RunLayout
from cellrun.core.store.record import RunRecord


def environment_of_run(layout: RunLayout, *, trust: bool = False) -> Environment:
    """Return what a run asked for; of one that asked for nothing to be built, the Python that it was for.

    Raises UserErrorException for what no environment is, and unless `trust` UntrustedError where it isn't known to be
    this user's own run: its packages, or its Python, would run as them.
    """
    record = RunRecord.read(layout)
    interpreter = record.interpreter or sys.executable  # an interactive run's is the one that opened it
    if record.environment_spec is not None or interpreter != sys.executable:
        record = TrustedRun(layout, trust=trust).record()
        interpreter = record.interpreter or sys.executable
    if record.environment_spec is not None:
        return Environment.from_spec(EnvironmentSpec.from_json(record.environment_spec))
    return Environment.from_spec(EnvironmentSpec(name=record.environment or "python", interpreter=interpreter))
