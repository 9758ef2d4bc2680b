"""A cluster that does what a test says."""

import pytest

from tests.core.targets.ray.fake_ray import FakeRay


@pytest.fixture(autouse=True)
def no_token(monkeypatch, tmp_path):
    """Whoever runs the tests may have a token of their own."""
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "no token"))


@pytest.fixture
def ray():
    made = FakeRay()
    yield made
    made.close()
