"""Packages that environments are built from."""

import pytest

from tests.wheels import packages  # noqa: F401  # a fixture of the tests beside this


@pytest.fixture(autouse=True)
def _no_recorder(unrecorded: None) -> None:
    """What runs are run by concerns few tests here."""
