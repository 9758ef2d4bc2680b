import functools
import os
import pickle
import weakref

import pytest

from cellrun.core.context.pickles.pickling import ClassIds, pickle_together
from cellrun.core.context.pickles.references import loading_into


def again(*values):
    pickled = pickle_together(values, {}, lambda _: None, ClassIds())
    with loading_into({}):
        return pickle.loads(pickled.payload), pickled.payload


def test_the_environment_travels_by_reference(monkeypatch):
    monkeypatch.setenv("CELLRUN_TEST_TOKEN", "s3cret")
    (environment,), payload = again(os.environ)
    assert environment is os.environ
    assert b"s3cret" not in payload


class ToldError(Exception):
    def __init__(self, first, second):
        super().__init__(first)
        self.second = second


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (ToldError(1, 2), ("args", "second")),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), ("reason", "object")),
        (SystemExit(3), ("code",)),
        (StopIteration("v"), ("value",)),
        (SyntaxError("bad", ("f.py", 3, 1, "x =")), ("lineno", "msg", "filename")),
        (NameError("no x", name="x"), ("name",)),
        (ImportError("no y", name="y", path="p"), ("name", "path")),
        (KeyError("k"), ("args",)),
        (OSError(2, "no", "file"), ("errno", "filename")),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, BaseException) else "",
)
def test_exceptions_keep_what_they_tell(error, facts):
    error.note = "n"
    error.__cause__ = ValueError("why")
    (back,), _ = again(error)
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert [getattr(back, each) for each in facts] == [getattr(error, each) for each in facts]
    assert back.note == "n"
    if not isinstance(error, (ImportError, OSError)):  # which have a way of their own
        assert repr(back.__cause__) == "ValueError('why')"


def test_exceptions_of_a_circle():
    first, second = ValueError(1), ValueError(2)
    first.other, second.other = second, first
    (back,), _ = again(first)
    assert back.other.other is back


def test_decorated_functions_keep_their_attributes():
    @functools.lru_cache(maxsize=3)
    def cached(x):
        return x + 1

    @functools.singledispatch
    def dispatched(x):
        return "object"

    dispatched.register(int, lambda x: "int")
    cached.tag, dispatched.tag = "c", "d"
    (cached, dispatched), _ = again(cached, dispatched)
    assert (cached(1), cached.tag, cached.cache_parameters()["maxsize"], cached.__name__) == (2, "c", 3, "cached")
    assert (dispatched(1), dispatched(""), dispatched.tag) == ("int", "object", "d")


def test_weak_references_refer_to_what_lives_on():
    class Node:
        pass

    node = Node()
    (node, reference, group, mapping), _ = again(
        node, weakref.ref(node), weakref.WeakSet([node]), weakref.WeakValueDictionary(a=node)
    )
    assert reference() is node
    assert node in group
    assert mapping["a"] is node


def test_a_font_that_was_read_from_an_open_file_is_the_same():
    """As Pillow's default font is: it keeps the file, at its end, to be read from once more."""
    font = pytest.importorskip("PIL.ImageFont").load_default(20)
    (back,), _ = again(font)
    assert (back.getname(), back.getbbox("a font")) == (font.getname(), font.getbbox("a font"))
