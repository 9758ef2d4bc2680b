"""Names in groups by what their values share."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from cellrun.core.context.pickles.grouping import grouped


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
