"""What can't be captured is named by its path."""

import threading
from collections import deque
from functools import partial

import pandas as pd
import pytest

from cellrun.core.context.pickles.pickling import ClassIds, pickle_together
from cellrun.magics.capture.carriers.culprit import find_culprit


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
        (deque([1, LOCK]), "v[1]"),
    ],
)
def test_the_innermost_culprit(value, path):
    culprit = find_culprit("v", value, attempt(value), attempt)
    assert culprit.path == (path or "v")
    kind = "a thread (Thread)" if isinstance(value, threading.Thread) else "a lock (lock)"
    assert culprit.what == f"{culprit.path} is {kind} and can't be captured"
    assert culprit.remedy in {"Make it inside the cell", "Start it inside the cell"}


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
    assert culprit.what == "v[1] (Unwilling) can't be pickled: I stay here"


def test_an_error_of_the_values_own_is_named_with_its_type():
    class Unwilling:
        def __getstate__(self):
            raise KeyError("no such state")

    culprit = find_culprit("v", Unwilling(), attempt(Unwilling()), attempt)
    assert culprit.what == "v (Unwilling) can't be pickled: KeyError: 'no such state'"


def test_a_culprit_that_no_path_leads_to():
    class Wrapped:
        def __reduce__(self):
            return list, ([LOCK],)

    culprit = find_culprit("v", {"a": Wrapped()}, attempt({"a": Wrapped()}), attempt)
    assert culprit.what == "v['a'] holds a lock (lock) and can't be captured"


def test_a_value_that_holds_itself_is_no_endless_search():
    value = {"lock": LOCK}
    value["self"] = value
    assert find_culprit("v", value, attempt(value), attempt).path == "v['lock']"


def test_one_of_many_is_found_by_few_attempts():
    value = {"rows": [[number] for number in range(100_000)]}
    value["rows"][77_777].append(LOCK)
    tried = []

    def counted(each):
        tried.append(each)
        return attempt(each)

    assert find_culprit("v", value, attempt(value), counted).path == "v['rows'][77777][1]"
    assert len(tried) < 50


def test_a_long_key_is_cut():
    value = {"k" * 10_000: LOCK}
    culprit = find_culprit("v", value, attempt(value), attempt)
    assert culprit.path.startswith("v['kkkk")
    assert len(culprit.what) < 200


def test_a_container_that_cannot_be_looked_into():
    class Shy(dict):
        def items(self):
            raise RuntimeError("not now")

        def __reduce__(self):
            return dict, ([("a", LOCK)],)

    culprit = find_culprit("v", [Shy()], attempt([Shy()]), attempt)
    assert culprit.what == "v[0] holds a lock (lock) and can't be captured"


def test_in_a_frame_its_column_and_row_are_named():
    frame = pd.DataFrame({"n": [1, 2], "k": ["a", LOCK]})
    assert find_culprit("df", frame, attempt(frame), attempt).path == "df['k'].iloc[1]"
