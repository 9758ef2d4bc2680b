"""What would run somebody else's code isn't loaded unless the user says so."""

import os
import pickle
import sys

import pytest

from cellrun.core.context.manifest import Context, Group, python_version
from cellrun.core.context.reader import load
from cellrun.core.context.signature import sign, write_hashes
from cellrun.core.context.trusted import TrustedRun, VerifiedStore
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException, DamagedRunError, UntrustedError
from cellrun.core.store.record import RunRecord


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
        write_hashes(layout)
        return layout, store, blob

    return capture


def loaded(layout, *, trust=False):
    """Return what a run's context brings, if it may be loaded."""
    namespace = {}
    load(TrustedRun(layout, trust=trust).context(), VerifiedStore(layout.workspace.values), namespace)
    return namespace


@pytest.mark.parametrize("content", ["null", "{}", "{", '{"experiment": 1, "kind": "cell"}'])
def test_a_damaged_record_is_said_to_be_also_where_it_is_trusted(captured, content):
    layout, _, _ = captured(1)
    layout.record.write_text(content)
    with pytest.raises(DamagedRunError, match=r"run\.json"):
        TrustedRun(layout, trust=True).record()


def test_ones_own_is_loaded(captured):
    layout, _, _ = captured([1, 2])
    sign(layout.signed)
    assert loaded(layout)["x"] == [1, 2]
    assert TrustedRun(layout).record() == RunRecord.read(layout)


def test_anothers_pickle_is_not_loaded(captured, tmp_path):
    marker = tmp_path / "marker"
    layout, _, _ = captured(Hostile(marker))
    with pytest.raises(UntrustedError, match=r"brings code that runs here, and it isn't signed.*pass trust=True"):
        loaded(layout)
    assert not marker.exists()
    loaded(layout, trust=True)
    assert marker.exists()


def test_an_exchanged_value_is_not_loaded_even_where_the_context_is_ones_own(captured, tmp_path):
    marker = tmp_path / "marker"
    layout, store, blob = captured("harmless" * 100)
    sign(layout.signed)
    hostile = pickle.dumps([Hostile(marker)])
    store.path(blob).write_bytes(hostile + b"." * (blob.bytes - len(hostile)))
    assert store.path(blob).stat().st_size == blob.bytes
    for trust in (False, True):
        with pytest.raises(ContextException, match="was changed since it was written"):
            loaded(layout, trust=trust)
    assert not marker.exists()


def test_a_hash_that_leads_elsewhere_is_refused(captured):
    layout, _, blob = captured(1)
    path = layout.context / "context.json"
    path.write_text(path.read_text().replace(blob.hash, "../../../etc/passwd"))
    with pytest.raises(ContextException, match="is no hash of a captured value"):
        loaded(layout, trust=True)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 2}', '{"version": "two"}', "{"])
def test_a_damaged_context_is_said(captured, content):
    layout, _, _ = captured(1)
    (layout.context / "context.json").write_text(content)
    with pytest.raises(ContextException, match="is damaged"):
        loaded(layout, trust=True)


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


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1}', '{"version": 1, "files": []}', '{"version": 99}'])
def test_hashes_that_cannot_be_read_are_said(captured, content):
    layout, _, _ = captured(1)
    layout.signed.write_text(content)
    sign(layout.signed)
    with pytest.raises(ContextException, match=r"signed.json (is damaged|has version 99)"):
        TrustedRun(layout)


def test_signed_results_are_no_signed_run(captured):
    """One's own signature says of one kind of file what it says."""
    layout, _, _ = captured(1)
    content = (layout.context / "context.json").read_bytes()
    for path in (layout.signed, layout.launch):
        path.write_bytes(content)
        sign(path)
    with pytest.raises(ContextException, match=r"signed\.json"):
        TrustedRun(layout)
    write_hashes(layout)
    sign(layout.signed)
    with pytest.raises(UntrustedError, match=r"launch\.json: it was changed"):
        TrustedRun(layout).launch()


@pytest.mark.parametrize("of", ["signed", "signature", "record", "launch"])
@pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_nobody_waits_for_what_is_no_file(captured, of, put):
    layout, _, _ = captured([1])
    sign(layout.signed)
    path = layout.signed.with_suffix(".sig") if of == "signature" else getattr(layout, of)
    path.unlink(missing_ok=True)
    put(path)
    with pytest.raises((UntrustedError, DamagedRunError)):
        _all_of(layout)


def _all_of(layout):
    run = TrustedRun(layout)
    return run.record(), run.launch()
