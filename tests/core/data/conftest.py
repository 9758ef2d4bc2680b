"""A workspace's own store, with and without files."""

import pytest

from tests.core.data.data_folders import put


@pytest.fixture
def store(ws):
    return ws.get_default_datastore()


@pytest.fixture
def animals(store):
    put(store, animals__dog__1_jpg="d1", animals__dog__2_jpg="dog2", animals__cat__1_jpg="c1", animals__notes_txt="-")
    return store
