"""What can't travel is named by its path."""

import threading
from functools import partial

import pytest

from cellrun.core.context.pickling import ClassIds, pickle_together
from cellrun.magics.capture.culprit import find_culprit


class Holder:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    def method(self):
        return self


class Slotted:
    __slots__ = ("empty", "kept")

    def __init__(self, kept):
        self.kept = kept


def attempt(value):
    try:
        pickle_together([value], {}, lambda _: None, ClassIds())
    except Exception as error:  # noqa: BLE001  # whatever pickling raises
        return error
    return None


def closure(kept):
    def inner():
        return kept

    return inner


def with_default(kept):
    def inner(a, b=kept):
        return a, b

    return inner


LOCK = threading.Lock()


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (LOCK, ""),
        (threading.Thread(), ""),
        ({"io": [1, 2, Holder(stream=LOCK)]}, "v['io'][2].stream"),
        ({"{odd}": LOCK}, "v['{odd}']"),
        ((1, [LOCK]), "v[1][0]"),
        (Holder(a=1, b={"c": LOCK}), "v.b['c']"),
        (Slotted(LOCK), "v.kept"),
        (Holder(a=LOCK).method, "v.__self__.a"),
        (partial(print, LOCK), "v.args[0]"),
        (partial(print, end=LOCK), "v.keywords['end']"),
        (closure([LOCK]), "v.<locals>.kept[0]"),
        (with_default(LOCK), "v.__defaults__[0]"),
    ],
)
def test_the_innermost_culprit(value, path):
    culprit = find_culprit("v", value, attempt(value), attempt)
    assert culprit.path == path
    assert culprit.why.startswith(("a lock", "a thread"))


def test_a_set_has_no_index():
    culprit = find_culprit("v", {LOCK}, attempt({LOCK}), attempt)
    assert culprit.path == f"v[{LOCK!r}]"


def test_what_pickle_says_where_no_table_knows_better():
    class Unwilling:
        def __reduce__(self):
            raise TypeError("I stay here")

    value = [1, Unwilling()]
    culprit = find_culprit("v", value, attempt(value), attempt)
    assert culprit.path == "v[1]"
    assert "I stay here" in culprit.why


def test_a_value_that_holds_itself_is_no_endless_search():
    value = {"lock": LOCK}
    value["self"] = value
    assert find_culprit("v", value, attempt(value), attempt).path == "v['lock']"
