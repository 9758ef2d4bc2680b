"""A workspace's own store, with and without files; the servers of others, each started when it is first asked for."""

import pytest

from cellrun.core.data.in_run import binding
from tests.core.data.data_folders import put
from tests.stores import azurite, gcs_server, hub, s3_server, web  # noqa: F401  # fixtures of the tests here


@pytest.fixture
def store(ws):
    return ws.get_default_datastore()


@pytest.fixture
def noting():
    """Let what a run's inputs are be noted beside it, by two processes a run: few tests look at that."""


@pytest.fixture(autouse=True)
def without_notes(request, monkeypatch):
    """Note no run's inputs, but for tests that want it."""
    if "noting" not in request.fixturenames:
        steps = binding._step
        monkeypatch.setattr(binding, "_step", lambda verb, layout: () if verb == "note" else steps(verb, layout))


@pytest.fixture
def animals(store):
    put(store, animals__dog__1_jpg="d1", animals__dog__2_jpg="dog2", animals__cat__1_jpg="c1", animals__notes_txt="-")
    return store


@pytest.fixture(autouse=True)
def _no_recorder(unrecorded):
    """What runs are run by concerns few tests here."""
