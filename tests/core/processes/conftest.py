import pytest


@pytest.fixture(autouse=True)
def _no_recorder(unrecorded: None) -> None:
    """What runs are run by concerns few tests here."""
