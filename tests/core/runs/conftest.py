import pytest


@pytest.fixture(autouse=True)
def _no_recorder(without_recorder: None) -> None:
    """What interactive runs are run by concerns no test here."""
