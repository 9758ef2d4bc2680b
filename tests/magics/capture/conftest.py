"""A notebook whose cells are loaded and run as in their jobs, without supervisors."""

import pytest


@pytest.fixture(autouse=True)
def _jobs_in_forks(jobs_in_forks: None) -> None:
    """Run the jobs in forks."""
