"""Values by the hash of their content."""

import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

from cellrun.core.context import value_store
from cellrun.core.context.manifest import Blob
from cellrun.core.context.value_store import Strided, ValueStore, blob_of, bytes_of, digest_as, pieces_of, size_of
from cellrun.core.errors import ContextException

LARGE = 9 << 20


def files(folder: Path) -> dict[str, int]:
    """All files below a folder with their times of change, samples aside."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "samples"]
    return {path.name: path.stat().st_mtime_ns for path in found}


@pytest.fixture
def store(tmp_path):
    return ValueStore(tmp_path / "values")


@pytest.mark.parametrize("size", [0, 1, 1000, LARGE])
def test_what_is_put_is_opened(store, size):
    data = os.urandom(size)
    blob = store.put(data)
    assert blob == Blob(blake3(data).hexdigest(), size)
    assert store.open(blob).tobytes() == data


def test_what_is_opened_can_be_written_and_stays_as_it_was(store):
    blob = store.put(b"abc")
    opened = store.open(blob)
    opened[0] = ord("x")
    assert opened.tobytes() == b"xbc"
    assert store.open(blob).tobytes() == b"abc"


@pytest.mark.parametrize("size", [1000, LARGE])
def test_the_same_again_writes_nothing(store, tmp_path, size):
    data = bytearray(os.urandom(size))
    blob = store.put(data)
    before = files(tmp_path)
    assert store.put(data) == blob
    assert files(tmp_path) == before
    data[size // 2] ^= 1  # unlike in one byte
    other = store.put(data)
    assert other != blob
    assert store.open(other).tobytes() == data


def test_memory_is_taken_without_a_copy_whatever_its_type(store):
    array = np.arange(1000.0)
    blob = store.put(array.data)
    assert np.array_equal(np.frombuffer(store.open(blob)), array)


@pytest.mark.parametrize("size", [1000, LARGE])
def test_a_write_that_fails_leaves_nothing(store, tmp_path, monkeypatch, size):
    def replace(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        store.put(os.urandom(size))
    assert files(tmp_path) == {}


def test_a_value_that_is_gone_or_cut_is_named(store, tmp_path):
    blob = store.put(b"abcdef")
    (path,) = (path for path in tmp_path.rglob(blob.hash))
    path.write_bytes(b"abc")
    with pytest.raises(ContextException, match="3 bytes, 6 were written"):
        store.open(blob)
    assert store.put(b"abcdef") == blob  # a torn one is written again
    assert store.open(blob).tobytes() == b"abcdef"
    path.unlink()
    with pytest.raises(ContextException, match=blob.hash):
        store.open(blob)


def test_nobody_else_can_read_the_values(store, tmp_path):
    store.put(b"abc")
    assert (tmp_path / "values").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("rows", [1, 1000], ids=["small", "large"])
def test_memory_with_gaps_is_kept_as_if_it_had_none(store, tmp_path, rows):
    array = np.arange(rows * 6000.0).reshape(rows, 6000)[:, ::2].T
    strided = Strided(array)
    done = []
    blob = store.put(strided, done.append)
    assert blob == blob_of(strided) == blob_of(strided.array.tobytes())
    assert sum(done) == blob.bytes == array.nbytes
    before = files(tmp_path)
    assert store.put(strided, done.append) == store.put(strided.array.tobytes()) == blob
    assert files(tmp_path) == before
    assert sum(done) == 2 * blob.bytes


@pytest.mark.parametrize("size", [1000, LARGE])
def test_what_was_not_there_before_is_told(store, size):
    first, second = store.put(os.urandom(size)), store.put(os.urandom(size))
    store.put(store.open(first))
    assert store.written == [first, second]
    other = ValueStore(store.folder)
    other.put(store.open(first))
    assert other.written == []


def test_memory_that_changes_while_it_is_written_has_the_hash_of_what_was_written(store):
    data = bytearray(3 * LARGE)

    def change(_):
        data[:] = os.urandom(len(data))

    blob = store.put(data, change)
    assert blake3(store.open(blob)).hexdigest() == blob.hash


def test_without_blake3_the_hash_is_of_another_kind(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "blake3", None)
    for data in (b"abc", os.urandom(LARGE)):
        blob = store.put(data)
        assert blob.hash == "sha256-" + hashlib.sha256(data).hexdigest()
        assert store.open(blob).tobytes() == data
        assert digest_as(blob.hash, memoryview(data)) == blob.hash


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(value_store, "PIECE_BYTES", 100)


CUBE = np.arange(2 * 30 * 40, dtype=np.int16).reshape(2, 30, 40)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    "array",
    [
        CUBE[:, ::2],
        CUBE[:, :, ::3],
        CUBE.T[::2],
        CUBE[0, 0, ::2],
        CUBE[1, ::-3],
        CUBE[:, 3:4, ::39],
        CUBE[:1, ::29, ::2],
    ],
)
def test_an_array_with_gaps(array):
    strided = Strided(array)
    pieces = list(pieces_of(strided))
    assert max(piece.nbytes for piece in pieces) <= 100
    data = b"".join(pieces)
    assert data == bytes_of(strided).tobytes() == strided.array.tobytes()
    assert size_of(strided) == len(data) == array.nbytes
    assert [strided[0:7], strided[3:9]] == [data[:7], data[3:9]]
    back = np.frombuffer(data, array.dtype).reshape(strided.array.shape).transpose(np.argsort(strided.axes))
    assert np.array_equal(back, array)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("of", [bytes, bytearray, memoryview])
def test_bytes_that_lie_side_by_side(of):
    data = of(bytes(range(256)))
    pieces = list(pieces_of(data))
    assert [piece.nbytes for piece in pieces] == [100, 100, 56]
    assert b"".join(pieces) == bytes(data)
    assert size_of(data) == bytes_of(data).nbytes == 256


@pytest.mark.usefixtures("small_pieces")
def test_a_piece_stays_as_it_was():
    data = bytearray(b"a" * 200)
    first = next(pieces_of(data))
    data[:] = b"b" * 200
    assert bytes(first) == b"a" * 100
