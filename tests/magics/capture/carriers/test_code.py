"""Which lines of a cell go along with a function."""

from types import CodeType

import pytest

from cellrun.magics.capture.carriers.code import lines_of, only_lines

CELL = """\
password = 'hush-hush'
def f(x):
    return (
        x
    )
token = 'hush-hush'
@staticmethod
@property
def decorated():
    text = '''It ends
    here.
    '''
class Model:
    rate = 1
    class Inner:
        def method(self):
            return 1
    # a comment
    last = 2
key = 'hush-hush'
def make():
    secret = 'hush-hush'
    def inner():
        return 1
    return inner
g = [lambda x: x,
     lambda x: (x +
                1)]
"""


def codes(code):
    """Return a code object and all in it, by name and line."""
    found = {(code.co_name, code.co_firstlineno): code}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= codes(constant)
    return found


@pytest.mark.parametrize(
    ("name", "line", "first", "last"),
    [
        ("f", 2, 2, 5),
        ("decorated", 7, 7, 12),
        ("method", 16, 13, 19),
        ("make", 21, 21, 25),
        ("inner", 23, 23, 24),
        ("<lambda>", 26, 26, 26),
        ("<lambda>", 27, 27, 28),
    ],
)
def test_a_function_takes_its_own_lines_along_and_a_method_those_of_its_class(name, line, first, last):
    code = codes(compile(CELL, "cell", "exec"))[name, line]
    assert lines_of(code, CELL) == range(first, last + 1)


def test_in_what_is_no_python_a_function_is_known_by_its_code():
    code = codes(compile(CELL, "cell", "exec"))["f", 2]
    assert lines_of(code, f"{CELL}%magic") == range(2, 5)


def test_other_lines_are_blank_and_none_moves():
    kept = only_lines(CELL, {2, 3, 4, 5})
    assert kept.count("\n") == CELL.count("\n")
    assert kept.split("\n")[:7] == ["", *CELL.split("\n")[1:5], "", ""]
    assert "hush-hush" not in kept
