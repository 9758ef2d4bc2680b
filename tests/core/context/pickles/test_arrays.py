"""NumPy arrays: large memory apart without a copy, views as views of one memory, files mapped into memory by path."""

import pickle
import tracemalloc

import numpy as np
import pytest

from cellrun.core.context.pickles import arrays
from cellrun.core.context.pickles.arrays import sharing
from cellrun.core.context.pickles.pickling import ClassIds, pickle_together
from cellrun.core.context.pickles.references import loading_into
from cellrun.core.context.value_store import Strided, bytes_of, pieces_of
from cellrun.core.errors import ContextException

CUBE = np.arange(60 * 70 * 80.0).reshape(60, 70, 80)
RECORDS = np.zeros(20_000, dtype=[("x", "f8"), ("n", "i4")])
DATES = np.arange(100_000).astype("M8[s]")


def pickled(*values):
    return pickle_together(values, {}, lambda _: None, ClassIds())


def load(found):
    buffers = [bytearray(bytes_of(each if isinstance(each, Strided) else each.raw())) for each in found.buffers]
    with loading_into({}):
        return pickle.loads(found.payload, buffers=buffers)


LAYOUTS = {
    "contiguous": CUBE,
    "column-major": np.asfortranarray(CUBE.reshape(600, 560)),
    "axes exchanged": CUBE.transpose(0, 2, 1),
    "axes turned round": CUBE.transpose(2, 0, 1),
    "every second": CUBE[:, ::2],
    "backwards": CUBE[::-1],
    "backwards with gaps": CUBE[::-2, ::-3],
    "a column": np.arange(4_000_000.0).reshape(100_000, 40)[:, 3],
    "broadcast": np.broadcast_to(np.arange(100.0), (1000, 100)),
    "a field": RECORDS["x"],
    "records": RECORDS,
    "dates": DATES,
    "dates with gaps": DATES[::3],
    "texts": np.array(["a", "bc"] * 50_000),
    "booleans": np.ones(100_000, bool)[::-1],
    "half floats": np.ones((300, 400), np.float16).T[::2],
    "other byte order": np.arange(100_000, dtype=">i4"),
    "objects": np.array([{"a": 1}, None] * 5_000, dtype=object)[::2],
    "none": np.zeros((0, 3)),
    "a scalar": np.array(5.0),
    "small with gaps": np.arange(100)[::7],
}


@pytest.mark.parametrize("array", LAYOUTS.values(), ids=LAYOUTS)
def test_it_comes_back_the_same(array):
    (back,) = load(pickled(array))
    assert type(back) is np.ndarray
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert np.array_equal(back, array)
    assert back.flags.writeable == array.flags.writeable


@pytest.mark.parametrize("name", sorted(LAYOUTS.keys() - {"objects", "none", "a scalar", "small with gaps"}))
def test_large_memory_is_apart_and_never_in_the_pickle(name):
    found = pickled(LAYOUTS[name])
    assert len(found.payload) < 1_000
    assert len(found.buffers) == (name != "broadcast")  # that has little memory, and keeps it
    assert found.bytes - len(found.payload) in (0, LAYOUTS[name].nbytes)


def test_axes_keep_their_order_in_memory():
    array = np.arange(4_000_000.0).reshape(1000, 4000)[:, ::2].T
    (back,) = load(pickled(array))
    assert np.argsort(back.strides).tolist() == np.argsort(array.strides).tolist()


def test_a_large_array_with_gaps_is_never_copied_whole():
    array = np.arange(8_000_000.0).reshape(1000, 8000)[:, ::2]
    tracemalloc.start()
    (strided,) = pickled(array).buffers
    total = sum(len(piece) for piece in pieces_of(strided))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == array.nbytes
    assert most < array.nbytes / 1.5


def test_a_slice_is_a_view_of_the_array_again():
    a = np.arange(100_000.0)
    for values in ([a, a[10:20]], [a[10:20], a], [{"deep": [a[::2]]}, a]):
        found = pickled(*values)
        assert found.bytes < a.nbytes + 2_000
        back = load(found)
        whole = next(each for each in back if isinstance(each, np.ndarray) and each.shape == a.shape)
        part = next(each for each in back if each is not whole)
        part = part["deep"][0] if isinstance(part, dict) else part
        part[0] = -1
        assert whole[0 if len(part) > 10 else 10] == -1
        assert part.base is whole


VIEWS = {
    "transposed": lambda a: a.T,
    "backwards": lambda a: a[::-1],
    "every second row and column": lambda a: a[::2, 1::2],
    "reshaped": lambda a: a.reshape(-1),
    "other numbers": lambda a: a.view(np.int64),
    "broadcast": lambda a: np.broadcast_to(a[0], a.shape),
    "a view of a view": lambda a: a[5:].T[3:],
}


@pytest.mark.parametrize("of", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("rows", [10, 500])
def test_views_of_every_kind(of, rows):
    a = np.arange(rows * 40.0).reshape(rows, 40)
    whole, part = load(pickled(a, of(a)))
    assert part.strides == of(a).strides
    assert np.array_equal(part, of(a))
    whole += 1
    a += 1
    assert np.array_equal(part, of(a))


def test_views_whose_array_stays_behind_share_what_they_cover():
    a = np.arange(10_000_000.0)
    found = pickled(a[1_000:21_000], a[11_000:31_000])
    assert found.bytes < 30_000 * 8 + 2_000
    left, right = load(found)
    right[0] = -1
    assert left[10_000] == -1


def test_parts_that_do_not_overlap_stay_apart():
    a = np.arange(1_000_000.0).reshape(1000, 1000)
    found = pickled(a[:100], a[500:600], a[200:300, ::2], a[200:300, 1::2])
    assert found.arrays
    assert sharing(found.arrays) == []
    assert [each.nbytes for each in (b if isinstance(b, Strided) else b.raw() for b in found.buffers)] == [
        800_000,
        800_000,
        400_000,
        400_000,
    ]


def test_memory_that_is_no_arrays_own():
    data = bytearray(100_000)
    left, right = load(pickled(np.frombuffer(data, np.uint8), np.frombuffer(data, np.uint8)[10:]))
    left[10] = 7
    assert right[0] == 7


def test_fields_and_dates_are_views():
    records = np.zeros(10, dtype=[("x", "f8"), ("n", "i4")])
    back, numbers = load(pickled(records, records["n"]))
    numbers[3] = 5
    assert back["n"][3] == 5
    dates, first = load(pickled(DATES, DATES[:5]))
    first[0] = "2026-01-01"
    assert str(dates[0]) == "2026-01-01T00:00:00"


def test_many_rows_are_told_apart_quickly():
    a = np.zeros((3_000, 10))
    assert sharing(list(a)) == []
    assert [len(each) for each in sharing([a, *a])] == [3_001]
    assert [len(each) for each in sharing(list(np.zeros((300, 300)).T[:, ::-1]))] == [300]  # too many to tell


def test_an_array_made_while_pickling_is_a_view_too():
    class Window:
        def __init__(self, data):
            self.data = data

        def __reduce__(self):
            return np.asarray, (self.data[2:4],)

    a = np.zeros(10)
    whole, part = load(pickled(a, Window(a)))
    whole[2] = 3
    assert part[0] == 3


def test_frames_and_columns_do_not_change_each_other():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(np.zeros((50_000, 3)), columns=list("abc"))
    found = pickled(frame, frame["a"])
    back, column = load(found)
    back.loc[0, "a"] = 9
    assert column[0] == 0
    assert len(found.payload) < 5_000


@pytest.mark.parametrize(
    "make", [lambda pd, a: pd.DataFrame(a), lambda pd, a: pd.DataFrame(a)[3], lambda pd, a: pd.Index(a[:, 0])]
)
def test_frames_of_arrays_with_gaps_are_apart(make):
    pd = pytest.importorskip("pandas")
    frame = make(pd, np.arange(800_000.0).reshape(20_000, 40)[:, ::2])
    found = pickled(frame)
    assert len(found.payload) < 5_000
    (back,) = load(found)
    assert back.equals(frame)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data.bin"
    np.arange(100_000.0).tofile(path)
    return path


@pytest.mark.parametrize(("mode", "back_mode"), [("r", "r"), ("c", "c"), ("r+", "r+")])
def test_a_mapped_file_travels_as_its_path(file, mode, back_mode):
    array = np.memmap(file, np.float64, mode, shape=(100, 1000))
    found = pickled(array, array[50:, ::2])
    assert found.bytes < 1_500
    whole, part = load(found)
    assert (type(whole), type(part)) == (np.memmap, np.memmap)
    assert (whole.mode, str(whole.filename), whole.shape) == (back_mode, str(file), (100, 1000))
    assert np.array_equal(part, array[50:, ::2])
    assert whole.flags.writeable == (mode != "r")
    if mode != "r":
        part[0, 0] = -1
        assert whole[50, 0] == -1
    assert np.fromfile(file)[50_000] == (-1 if mode == "r+" else 50_000)


def test_a_map_from_within_a_file(file):
    array = np.memmap(file, np.float64, "r", offset=8 * 777, shape=(50_000,))
    (back,) = load(pickled(np.asarray(array)[5:10]))
    assert back.tolist() == [782, 783, 784, 785, 786]


def test_a_file_that_was_made_by_its_map_is_not_emptied(tmp_path):
    array = np.memmap(tmp_path / "new.bin", np.float64, "w+", shape=(10,))
    array[:] = 5
    (back,) = load(pickled(array))
    assert (back.mode, back.tolist()) == ("r+", [5.0] * 10)


@pytest.mark.skipif(not arrays._SMAPS.exists(), reason="the system doesn't tell which pages were written to")
def test_changes_that_only_the_map_has_travel(file):
    array = np.memmap(file, np.float64, "c")
    array[3] = -1
    (back,) = load(pickled(array))
    assert (back[3], back[4], type(back)) == (-1, 4, np.memmap)
    assert np.fromfile(file)[3] == 3


def test_a_mapped_file_that_is_gone_is_named(file):
    array = np.memmap(file, np.float64, "r")
    found = pickled(array)
    file.write_bytes(b"short")
    with pytest.raises(ContextException, match=r"data\.bin.* is shorter than it was"):
        load(found)
    file.unlink()
    with pytest.raises(ContextException, match=r"data\.bin.* can't be opened here: No such file"):
        load(found)


def test_a_map_whose_file_has_no_name_any_more_travels_by_value(file):
    array = np.memmap(file, np.float64, "r")
    file.unlink()
    (back,) = load(pickled(array))
    assert back[99_999] == 99_999
