"""Values in forms that run no code when they are read: exactly the same comes back, or there is none."""

import datetime as dt
import math
from collections import OrderedDict
from enum import IntEnum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellrun.core.context.manifest import Blob, Group
from cellrun.core.context.results.plain_forms import load_plain, plain_form
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Colour(IntEnum):
    RED = 1


@pytest.fixture(scope="module")
def back(tmp_path_factory):
    """Keep a value in its plain form and load it again; None if it has none."""
    store = ValueStore(tmp_path_factory.mktemp("values"))

    def through(value):
        form = plain_form(value)
        assert form is not None, f"{value!r} has no plain form"
        buffers = tuple(map(store.put, form.buffers))
        return load_plain(Group(("x",), store.put(form.payload), buffers, form.format), store)

    through.store = store
    return through


def same(left, right):
    """Whether two plain values are the same, types and NaN included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (
            left == right and math.copysign(1, left) == math.copysign(1, right)
        )
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return left == right


@given(value=PLAIN)
def test_plain_data_comes_back_as_it_was(back, value):
    form = plain_form(value)
    if form is not None:  # None for a text with half a pair of surrogates
        assert form.format == "json"
        assert same(back(value), value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        2**70,
        -0.0,
        math.nan,
        -math.inf,
        "",
        "ümläut \x00 \u2028",
        [],
        {},
        {"": [[], {"a": None}]},
        [1, [2.5]],
    ],
)
def test_plain_data_is_json(back, value):
    assert plain_form(value).format == "json"
    assert same(back(value), value)


SHARED = [1]
CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        [(1, 2)],
        {1: "a"},
        {None: 1},
        {1, 2},
        b"bytes",
        1j,
        Colour.RED,
        [Colour.RED],
        OrderedDict(a=1),
        dt.date(2026, 1, 1),
        [SHARED, SHARED],
        {"a": SHARED, "b": [SHARED]},
        CIRCLE,
        "\ud83d\ude00",  # two halves that JSON would join
        10**5000,
        len,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_would_change_has_no_plain_form(value):
    assert plain_form(value) is None


def test_too_deep_a_list_has_no_plain_form():
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    assert plain_form(deep) is None


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0),
        np.arange(6, dtype=np.int8).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(20)[::3],
        np.arange(12).reshape(3, 4).T[1:, ::2],
        np.array(3.5),
        np.zeros((0, 3)),
        np.array([], dtype="U"),
        np.array(["a", "bc\0"]),
        np.array([b"a\0", b"bc"]),
        np.array(["2026-01-01", "NaT"], dtype="datetime64[D]"),
        np.array([1, 2], dtype="timedelta64[ms]"),
        np.array([1.5], dtype=">f4"),
        np.array([1 + 2j]),
        np.array([math.nan, -0.0]),
        np.array([True, False]),
        np.broadcast_to(np.arange(3), (2, 3)),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_arrays_come_back_as_they_were(back, array):
    assert plain_form(array).format == "npy"
    again = back(array)
    assert type(again) is np.ndarray
    assert (again.dtype, again.dtype.str, again.shape) == (array.dtype, array.dtype.str, array.shape)
    assert again.tobytes() == array.tobytes()
    again[...] = again  # it can be written to


def test_the_two_parts_of_an_array_are_a_file_of_numpys(tmp_path):
    array = np.arange(12.0).reshape(3, 4)
    form = plain_form(array)
    (tmp_path / "a.npy").write_bytes(form.payload + b"".join(form.buffers))
    assert np.array_equal(np.load(tmp_path / "a.npy", allow_pickle=False), array)


def test_a_large_array_is_not_copied():
    array = np.zeros(1_000_000)
    (memory,) = plain_form(array).buffers
    assert np.shares_memory(np.frombuffer(memory, np.uint8), array)


@pytest.mark.parametrize(
    "value", [np.float64(0.1), np.int32(-5), np.bool_(True), np.datetime64("2026-01-01"), np.complex64(1j)]
)
def test_scalars_of_numpy_keep_their_type(back, value):
    assert plain_form(value).format == "scalar"
    again = back(value)
    assert (type(again), again) == (type(value), value)


class Marked(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [
        np.array([None, "a"], dtype=object),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.arange(3).view(Marked),
        np.ma.masked_array([1, 2], [True, False]),
        np.str_("a\0"),
        np.array([1.0], dtype=np.dtype("f8", metadata={"unit": "m"})),
    ],
    ids=lambda value: type(value).__name__,
)
def test_arrays_that_are_more_than_numbers_have_no_plain_form(value):
    assert plain_form(value) is None


def test_arrays_of_objects_are_not_read(back):
    header = b"\x93NUMPY\x01\x00\x46\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(79) + b"\n"
    group = Group(("x",), back.store.put(header), (back.store.put(b"8 bytes!"),), "npy")
    with pytest.raises(ContextException, match="x can't be loaded here: ValueError: an array of Python objects"):
        load_plain(group, back.store)


@pytest.mark.parametrize(
    ("payload", "buffers", "form"),
    [(b"[1,", (), "json"), (b"no header", (), "npy"), (plain_form(np.zeros(9)).payload, (b"x" * 8,), "npy")],
    ids=["json", "header", "memory"],
)
def test_damage_is_named(back, payload, buffers, form):
    group = Group(("x",), back.store.put(payload), tuple(map(back.store.put, buffers)), form)
    with pytest.raises(ContextException, match="x can't be loaded here"):
        load_plain(group, back.store)


def test_an_array_without_its_memory_is_named(back):
    group = Group(("x",), back.store.put(plain_form(np.zeros(9)).payload), (), "npy")
    with pytest.raises(ContextException, match="the memory of the array is missing"):
        load_plain(group, back.store)


def test_a_value_that_is_gone_is_named(back):
    with pytest.raises(ContextException, match="a captured value is gone"):
        load_plain(Group(("x",), Blob("ab" * 32, 3), (), "json"), back.store)
