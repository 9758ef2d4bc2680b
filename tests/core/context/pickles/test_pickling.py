"""Pickles of a notebook's values, loaded again in another namespace."""

import functools
import io
import logging
import pickle
import sys
import types
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from cellrun.core.context.pickles.pickling import ClassIds, DeniedError, Pickled, deeply, grouped, pickle_together
from cellrun.core.context.pickles.references import loading_into
from cellrun.core.context.value_store import Strided, bytes_of


class Notebook:
    """A namespace in which code is defined, and where it goes."""

    def __init__(self, source: str = "") -> None:
        self.names: dict[str, Any] = vars(types.ModuleType("__main__"))
        self.ids = ClassIds()
        exec(source, self.names)

    def name_of(self, value: object) -> str | None:
        name = getattr(value, "__qualname__", None)
        return name if name in self.names and self.names[name] is value else None

    def pickle(self, *names: str) -> Pickled:
        members = [self.names[name] for name in names]
        return pickle_together(
            members,
            self.names,
            lambda value: None if any(value is member for member in members) else self.name_of(value),
            self.ids,
        )


def load(pickled: Pickled, namespace: dict[str, Any]) -> list[Any]:
    with loading_into(namespace):
        buffers = [bytearray(bytes_of(each)) if isinstance(each, Strided) else each for each in pickled.buffers]
        return pickle.loads(pickled.payload, buffers=buffers)


def loaded(source: str, *names: str) -> dict[str, Any]:
    """Define names, pickle some together, and load them into a fresh namespace."""
    namespace: dict[str, Any] = {}
    namespace.update(zip(names, load(Notebook(source).pickle(*names), namespace), strict=True))
    return namespace


def test_functions_share_the_namespace_that_they_are_loaded_into():
    here = loaded("total = 0\ndef bump():\n    global total\n    total += 1\ndef look(): return total", "bump", "look")
    assert here["bump"].__globals__ is here
    assert here["look"].__globals__ is here
    here["total"] = 5
    here["bump"]()
    assert (here["total"], here["look"]()) == (6, 6)


def test_globals_are_not_in_a_functions_pickle():
    pickled = Notebook("big = 'x' * 100_000\ndef f(): return big").pickle("f")
    assert len(pickled.payload) < 2_000
    assert [function.__name__ for function in pickled.functions] == ["f"]


def test_closures_go_on_sharing_their_variables():
    source = "def make():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n    def look(): return n\n"
    here = loaded(f"{source}    return up, look\nup, look = make()", "up", "look")
    here["up"]()
    here["up"]()
    assert here["look"]() == 2


def test_a_closure_that_holds_itself():
    here = loaded("def make():\n    def f(n): return n and f(n - 1) + 1\n    return f\ng = make()", "g")
    assert here["g"](4) == 4


def test_values_refer_to_functions_and_classes_by_name():
    notebook = Notebook("class P:\n    def hi(self): return 1\np = [P()]\ndef f(): pass\nd = {'f': f}")
    value = notebook.pickle("p")
    assert (value.names, value.functions) == ({"P"}, [])
    assert notebook.pickle("d").names == {"f"}
    here: dict[str, Any] = {}
    here["P"] = load(notebook.pickle("P"), here)[0]
    (p,) = load(value, here)
    assert type(p[0]) is here["P"]


def test_a_value_keeps_its_bytes_when_its_class_is_edited():
    def payload(body: str) -> bytes:
        return Notebook(f"class P:\n    def hi(self): return {body}\np = P()").pickle("p").payload

    assert payload("1") == payload("2")


def test_a_class_keeps_its_bytes_when_its_cell_is_run_again():
    source = "class P:\n    n = 1\n    def hi(self): return self.n"
    assert Notebook(source).pickle("P").payload == Notebook(source).pickle("P").payload


def test_classes_of_one_name_stay_apart():
    notebook = Notebook("class P: pass\nold = P()\nclass P: pass\nnew = P()")
    here = {"P": load(notebook.pickle("P"), {})[0]}
    old, new = load(notebook.pickle("old", "new"), here)
    assert type(new) is here["P"]
    assert type(old) is not here["P"]


def test_large_memory_is_apart_and_comes_back_writable():
    array = np.arange(100_000.0)
    pickled = pickle_together([array, array], {}, lambda _: None, ClassIds())
    assert len(pickled.payload) < 1_000
    (buffer,) = pickled.buffers
    assert buffer.raw().nbytes == array.nbytes == pickled.bytes - len(pickled.payload)
    assert np.shares_memory(np.frombuffer(buffer.raw()), array)  # no copy
    pickled.buffers = [bytearray(buffer.raw())]
    first, second = load(pickled, {})
    assert first is second
    first[0] = 7
    assert first[0] == 7


@pytest.mark.parametrize("value", [np.arange(10.0), np.arange(100_000.0)[::2], np.arange(10**6).reshape(1000, 1000).T])
def test_small_strided_and_transposed_arrays(value):
    pickled = pickle_together([value], {}, lambda _: None, ClassIds())
    assert np.array_equal(load(pickled, {})[0], value)


def test_what_two_pickles_share_is_told():
    shared = [1]
    left = pickle_together([{"a": shared}], {}, lambda _: None, ClassIds())
    right = pickle_together([(shared, "text")], {}, lambda _: None, ClassIds())
    other = pickle_together([{"a": [1], "b": "text", "c": np.float64(2)}], {}, lambda _: None, ClassIds())
    assert set(left.objects) & set(right.objects) == {id(shared)}
    assert not set(left.objects) & set(other.objects)


def test_arrays_of_one_type_share_nothing():
    left, right = (pickle_together([np.zeros(3)], {}, lambda _: None, ClassIds()) for _ in range(2))
    assert not set(left.objects) & set(right.objects)


def test_modules_that_loading_needs_are_told():
    values = [logging.getLogger("x"), functools.partial(print), np.arange(2)]
    pickled = pickle_together(values, {}, lambda _: None, ClassIds())
    assert {"logging", "functools", "builtins"} <= pickled.modules
    assert any(name.startswith("numpy") for name in pickled.modules)


def test_cached_functions_and_properties():
    source = (
        "import functools\n@functools.lru_cache(maxsize=7)\ndef f(n): return n and f(n - 1) + 1\n"
        "class A:\n    @functools.cached_property\n    def v(self): return [1]\n"
        "@functools.singledispatch\ndef s(x): return 'any'\n@s.register\ndef _(x: int): return 'int'"
    )
    here = loaded(source, "f", "A", "s", "_")
    assert here["f"](3) == 3
    assert here["f"].cache_parameters() == {"maxsize": 7, "typed": False}
    a = here["A"]()
    assert a.v is a.v
    assert (here["s"](1), here["s"]("")) == ("int", "any")


def test_the_standard_streams_are_those_of_the_process(capsys):
    class Out(io.TextIOBase):
        pass

    for stream in (Out(), sys.stdout):
        sys.stdout, before = stream, sys.stdout
        pickled = pickle_together([stream], {}, lambda _: None, ClassIds())
        sys.stdout = before
        assert load(pickled, {}) == [sys.stdout]


def test_a_file_that_is_open_for_reading_is_refused(tmp_path):
    (tmp_path / "secret.txt").write_text("never sent")
    with (tmp_path / "secret.txt").open() as file, pytest.raises(DeniedError, match=r"an open file \(TextIOWrapper\)"):
        pickle_together([{"f": file}], {}, lambda _: None, ClassIds())


def test_it_is_told_how_far_a_pickle_is():
    pieces = []
    values = [[{"k": number} for number in range(100_000)]]
    pickled = pickle_together(values, {}, lambda _: None, ClassIds(), pieces.append)
    assert sum(pieces) == len(pickled.payload)
    assert len(pieces) > 10


@dataclass
class Packed:
    objects: dict[int, object] = field(default_factory=dict)
    arrays: list[np.ndarray] = field(default_factory=list)
    payload: bytes = b""


def with_objects(*numbers):
    return Packed({number: object() for number in numbers})


@pytest.mark.parametrize(
    ("packed", "ties", "groups"),
    [
        ({}, {}, []),
        ({"b": with_objects(1), "a": with_objects(2)}, {}, [["a"], ["b"]]),
        ({"a": with_objects(1), "b": with_objects(2), "c": with_objects(1)}, {}, [["a", "c"], ["b"]]),
        ({"a": with_objects(1), "b": with_objects(1, 2), "c": with_objects(2)}, {}, [["a", "b", "c"]]),
        ({"a": with_objects(1), "b": with_objects(2)}, {"a": ["code"], "b": ["code"]}, [["a", "b"]]),
        ({"a": with_objects(1), "b": with_objects(2)}, {"a": ["code"]}, [["a"], ["b"]]),
    ],
)
def test_by_objects_and_ties(packed, ties, groups):
    assert grouped(packed, ties) == groups


def test_by_memory():
    base = np.zeros(100)
    packed = {"view": Packed(arrays=[base[:10]]), "other": Packed(arrays=[np.zeros(9)]), "whole": Packed(arrays=[base])}
    assert sorted(grouped(packed, {})) == [["other"], ["view", "whole"]]


def test_the_objects_of_a_large_value_are_looked_at_only_if_others_have_any():
    class Large(Packed):
        @property
        def objects(self):
            raise AssertionError("looked at")

        @objects.setter
        def objects(self, _):
            pass

    packed = {"large": Large(payload=b"." * 10), "function": Packed(payload=b".")}
    assert grouped(packed, {}) == [["function"], ["large"]]
    with pytest.raises(AssertionError, match="looked at"):
        grouped({**packed, "list": with_objects(1)}, {})


def depth(number):
    return 0 if number == 0 else 1 + depth(number - 1)


def test_recursion_goes_deeper_than_the_limit():
    limit = sys.getrecursionlimit()
    assert deeply(lambda: depth(10 * limit)) == 10 * limit
    assert sys.getrecursionlimit() == limit


def test_what_the_work_raises_is_raised():
    limit = sys.getrecursionlimit()
    with pytest.raises(ZeroDivisionError):
        deeply(lambda: 1 / 0)
    assert sys.getrecursionlimit() == limit
