"""The names of the old SDK in the process of the tests, and nothing left of them."""

import os
import sys
from collections.abc import Iterator

import pytest

from cellrun.azureml import install
from cellrun.azureml.finder import CHILDREN_TOO, OldNames
from cellrun.core.runs import open_runs


@pytest.fixture(autouse=True)
def old_names() -> Iterator[None]:
    """Install them for a test."""
    install()
    yield
    while run := open_runs.newest():
        run.cancel()
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, OldNames)]
    os.environ.pop(CHILDREN_TOO, None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "azureml"]:
        del sys.modules[name]
