import pytest


@pytest.fixture(autouse=True)
def _no_recorder(without_recorder: None, unrecorded: None) -> None:
    """What runs are run by concerns few tests here."""
