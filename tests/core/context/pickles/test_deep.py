import sys

import pytest

from cellrun.core.context.pickles.deep import deeply


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
