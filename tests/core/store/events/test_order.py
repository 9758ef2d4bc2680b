"""Which way numbers run."""

import math
import random
from array import array

import pytest

from cellrun.core.store.events.column import Column
from cellrun.core.store.events.order import DOWN, LEVEL, UP, Order

NAN = math.nan


@pytest.mark.parametrize(
    ("numbers", "direction"),
    [
        ([], LEVEL),
        ([3.0], LEVEL),
        ([3.0, 3.0], LEVEL),
        ([0.0, 0.0, 0.1, 1.0], UP),
        ([1.0, 0.5, 0.5, -2.0], DOWN),
        ([-math.inf, 0.0, math.inf, math.inf], UP),
        ([0.0, 1.0, 0.5], None),
        ([1.0, 1.0, 0.0, 0.0, 1.0], None),
        ([NAN, 1.0, NAN, 2.0, NAN], UP),
        ([NAN, 2.0, NAN, 1.0, NAN, NAN], DOWN),
        ([1.0, NAN, 2.0, NAN, 1.0], None),
        ([NAN, NAN], LEVEL),
    ],
)
def test_an_order_is_the_same_in_whatever_pieces_its_numbers_come(numbers, direction):
    for cut in range(len(numbers) + 1):
        order = Order()
        order.add(numbers[:cut])
        order.add(numbers[cut:])
        assert order.direction == direction
    one_by_one = Order()
    for number in numbers:
        one_by_one.add([number])
    assert (one_by_one.direction, one_by_one.is_kept) == (direction, direction is not None)


def test_an_order_of_many_agrees_with_sorting():
    chance = random.Random(7)
    for _ in range(300):
        numbers = [chance.choice([0.0, 1.0, 2.0, NAN]) for _ in range(chance.randrange(7))]
        known = [number for number in numbers if not math.isnan(number)]
        order = Order()
        order.add(numbers)
        assert order.is_kept == (known in (sorted(known), sorted(known, reverse=True)))


def test_a_column_looks_at_each_value_once():
    looked = []

    class Counted(Order):
        def add(self, numbers):
            if isinstance(numbers, array):  # not what it finds among them
                looked.append(len(numbers))
            super().add(numbers)

    column = Column()
    column._order = Counted()
    for values in ([1, 2], [2.5, None], ["text", 3], [2]):
        column.extend(values)
        assert column.is_ordered == (values != [2])
        assert column.is_ordered == (values != [2])
    assert looked == [2, 2, 2, 1]
    column.extend([9])
    assert not column.is_ordered
    assert len(looked) == 4
    assert column.has_text
