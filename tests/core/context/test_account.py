"""The account of what was captured, read and counted."""

import json

import pytest

from cellrun.core.context.account import Counts, counts_of, needs_of
from cellrun.core.context.manifest import Context, Need

NEEDS = (
    Need("f", "function", "function, cell 1", "line 1", 100, "source"),
    Need("x", "value", "int", "line 1", 10, "value"),
    Need("ws", "value", "memmap, 3", "line 2", how="reference"),
    Need("np", "import", "numpy 2", "line 2", how="import"),
    Need("own", "module", "local module", "line 2", 6, "source"),
    Need("data", "file", "folder, 2 files", "line 3", 1000, "copy"),
    Need("large.bin", "file", "link to /x/large.bin", "line 3", 10**9, "link"),
    Need("random", "state", "random generator", "", 2500, "state"),
    Need("HOME", "environment", "", "line 4", how="inherited"),
)


def test_an_account_is_read_as_it_was_written(tmp_path):
    Context(python="3.11", title="Cell In[1]", needs=NEEDS).write(tmp_path)
    assert needs_of(tmp_path) == NEEDS


def test_what_is_linked_is_a_file_but_no_bytes_that_travel():
    assert counts_of(NEEDS) == Counts(names=4, modules=1, files=2, bytes=100 + 10 + 6 + 1000 + 2500)
    assert counts_of(()) == Counts(0, 0, 0, 0)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"[]", b"{}", b"null", json.dumps({"needs": [{"name": "x", "of a later version": 1}]}).encode()],
)
def test_what_cannot_be_read_is_no_account(tmp_path, content):
    if content is not None:
        (tmp_path / "context.json").write_bytes(content)
    assert needs_of(tmp_path) is None
