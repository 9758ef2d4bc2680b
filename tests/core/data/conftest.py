"""A workspace's own store, with and without files; the servers of others, each started when it is first asked for."""

import pytest

from tests.core.data.data_folders import put
from tests.stores import azurite, gcs_server, hub, s3_server, web  # noqa: F401  # fixtures of the tests here


@pytest.fixture
def store(ws):
    return ws.get_default_datastore()


@pytest.fixture
def animals(store):
    put(store, animals__dog__1_jpg="d1", animals__dog__2_jpg="dog2", animals__cat__1_jpg="c1", animals__notes_txt="-")
    return store
