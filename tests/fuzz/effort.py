"""How hard the fuzzing tries: bounded beside the other tests, `FUZZ_TIMES` as hard, and with luck, in `make soak`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_GIVEN = os.environ.get("FUZZ_TIMES")
TIMES = max(1, int(float(_GIVEN or 1)))


def effort(examples: int) -> settings:
    """Return the settings of a test that tries so many examples beside the other tests."""
    return settings(
        max_examples=examples * TIMES,
        derandomize=not _GIVEN,
        database=None,
        deadline=None,  # the machine decides that, not the code; what hangs ends at the test's own limit
        suppress_health_check=list(HealthCheck),
    )
