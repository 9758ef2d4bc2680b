"""Memory in pieces."""

import numpy as np
import pytest

from cellrun.core.context.pickles import memory
from cellrun.core.context.pickles.memory import Strided, bytes_of, pieces_of, size_of


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(memory, "PIECE_BYTES", 100)


CUBE = np.arange(2 * 30 * 40, dtype=np.int16).reshape(2, 30, 40)


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


@pytest.mark.parametrize("of", [bytes, bytearray, memoryview])
def test_bytes_that_lie_side_by_side(of):
    data = of(bytes(range(256)))
    pieces = list(pieces_of(data))
    assert [piece.nbytes for piece in pieces] == [100, 100, 56]
    assert b"".join(pieces) == bytes(data)
    assert size_of(data) == bytes_of(data).nbytes == 256


def test_a_piece_stays_as_it_was():
    data = bytearray(b"a" * 200)
    first = next(pieces_of(data))
    data[:] = b"b" * 200
    assert bytes(first) == b"a" * 100
