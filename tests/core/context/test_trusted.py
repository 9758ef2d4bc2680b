"""What would run somebody else's code isn't loaded unless the user says so."""

import os
import pickle
import sys

import pytest

from cellrun.core.context.manifest import Context, Group
from cellrun.core.context.reader import python_version
from cellrun.core.context.signature import sign
from cellrun.core.context.trusted import VerifiedStore, load_trusted, read_trusted
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException, UntrustedError


class Hostile:
    """Makes a folder when it is loaded."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.fixture
def captured(new_run):
    """A run with a captured context: its layout, its store and the blob of its one value."""
    layout = new_run(kind="cell")
    store = ValueStore(layout.workspace.values)

    def capture(value):
        blob = store.put(pickle.dumps([value]))
        Context(python=python_version(), title="Cell In[1]", groups=(Group(("x",), blob),)).write(layout.context)
        return layout.context, store, blob

    return capture


def test_ones_own_is_loaded(captured):
    folder, store, _ = captured([1, 2])
    sign(folder)
    namespace = {}
    assert load_trusted(folder, store, namespace).title == "Cell In[1]"
    assert namespace["x"] == [1, 2]
    assert read_trusted(folder).groups[0].names == ("x",)


def test_anothers_pickle_is_not_loaded(captured, tmp_path):
    marker = tmp_path / "marker"
    folder, store, _ = captured(Hostile(marker))
    with pytest.raises(
        UntrustedError, match=r"is a pickle; loading it runs code, and it isn't signed.*pass trust=True"
    ):
        load_trusted(folder, store, {})
    assert not marker.exists()
    load_trusted(folder, store, {}, trust=True)
    assert marker.exists()


def test_an_exchanged_value_is_not_loaded_even_where_the_context_is_ones_own(captured, tmp_path):
    marker = tmp_path / "marker"
    folder, store, blob = captured("harmless" * 100)
    sign(folder)
    hostile = pickle.dumps([Hostile(marker)])
    store.path(blob).write_bytes(hostile + b"." * (blob.bytes - len(hostile)))
    assert store.path(blob).stat().st_size == blob.bytes
    for trust in (False, True):
        with pytest.raises(ContextException, match="was changed since it was written"):
            load_trusted(folder, store, {}, trust=trust)
    assert not marker.exists()


def test_a_hash_that_leads_elsewhere_is_refused(captured):
    folder, store, blob = captured(1)
    path = folder / "context.json"
    path.write_text(path.read_text().replace(blob.hash, "../../../etc/passwd"))
    with pytest.raises(ContextException, match="is no hash of a captured value"):
        load_trusted(folder, store, {}, trust=True)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 2}', '{"version": "two"}', "{"])
def test_a_damaged_context_is_said(captured, content):
    folder, store, _ = captured(1)
    (folder / "context.json").write_text(content)
    with pytest.raises(ContextException, match="is damaged"):
        load_trusted(folder, store, {}, trust=True)


def test_large_memory_is_verified_too(tmp_path):
    store = VerifiedStore(tmp_path)
    blob = store.put(bytes(9 << 20))
    assert store.open(blob).nbytes == blob.bytes
    with store.path(blob).open("r+b") as file:
        file.seek(5 << 20)
        file.write(b"x")
    with pytest.raises(ContextException, match="was changed"):
        store.open(blob)


def test_a_value_that_is_read_stays_as_it_was_verified(tmp_path):
    store = VerifiedStore(tmp_path)
    blob = store.put(b"abc")
    read = store.read(blob)
    store.path(blob).write_bytes(b"xyz")
    assert bytes(read) == b"abc"


def test_values_written_without_blake3_are_verified(tmp_path, monkeypatch):
    store = VerifiedStore(tmp_path)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "blake3", None)
        blob = store.put(b"abc")
        large = store.put(bytes(9 << 20))
    assert blob.hash == "sha256-ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert bytes(store.read(blob)) == b"abc"
    assert store.open(large).nbytes == 9 << 20
    store.path(blob).write_bytes(b"abd")
    with pytest.raises(ContextException, match="was changed"):
        store.read(blob)
