"""Runs as folders, and kernels that start at once."""

import pytest

from tests.run_folders import dead_process, layout, make_run  # noqa: F401  # fixtures of the tests beside this
from tests.widgets.kernel_page import forked_kernels


@pytest.fixture(scope="module")
def kernels():
    """A process that has imported what a kernel needs to show a run; each of its forks is one."""
    forks = forked_kernels()
    yield forks
    forks.close()
