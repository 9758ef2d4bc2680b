"""Runs as folders, beside real ones."""

import pytest

from tests.core.mirror.conftest import sides  # noqa: F401  # as well
from tests.run_folders import dead_process, layout, make_run  # noqa: F401  # fixtures of the tests beside


@pytest.fixture(autouse=True)
def _no_recorder(unrecorded: None) -> None:
    """What runs are run by concerns few tests here."""
