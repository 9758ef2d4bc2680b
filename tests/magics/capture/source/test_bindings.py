"""How sure it is that code comes to an import, and needs it."""

import ast
import sys

import pytest

from cellrun.magics.capture.source.analysis import Certainty
from cellrun.magics.capture.source.bindings import import_certainty

SURE, LIKELY, POSSIBLE = Certainty.SURE, Certainty.LIKELY, Certainty.POSSIBLE


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a, b.c", {"a": SURE, "b": SURE}),
        ("from a.b import c\nfrom . import d", {"a": SURE}),
        ("class A:\n    import a", {"a": SURE}),
        ("with open('x'):\n    import a", {"a": SURE}),
        ("if x:\n    import a\nelse:\n    import b", {"a": LIKELY, "b": LIKELY}),
        ("for i in x:\n    import a", {"a": LIKELY}),
        ("def f():\n    import a", {"a": LIKELY}),
        ("async def f():\n    import a", {"a": LIKELY}),
        ("match x:\n    case 1:\n        import a", {"a": LIKELY}),
        ("try:\n    import a\nexcept ImportError:\n    import b", {"a": POSSIBLE, "b": LIKELY}),
        ("try:\n    import a\nexcept (OSError, ModuleNotFoundError):\n    a = None", {"a": POSSIBLE}),
        ("try:\n    import a\nexcept:\n    pass", {"a": POSSIBLE}),
        ("try:\n    import a\nexcept ValueError:\n    pass\nfinally:\n    import b", {"a": SURE, "b": SURE}),
        ("def f():\n    try:\n        import a\n    except ImportError:\n        pass", {"a": POSSIBLE}),
        (
            "from contextlib import suppress\nwith suppress(ImportError):\n    import a",
            {"contextlib": SURE, "a": POSSIBLE},
        ),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", {"a": POSSIBLE, "b": SURE}),
        ("import typing\nif typing.TYPE_CHECKING:\n    import a", {"typing": SURE, "a": POSSIBLE}),
        ("def f():\n    import a\nimport a.b", {"a": SURE}),
        ("x = 1", {}),
    ],
)
def test_certainty(source, expected):
    assert import_certainty(ast.parse(source).body) == expected


@pytest.mark.skipif(sys.version_info < (3, 11), reason="except* is Python 3.11's")
def test_groups_of_exceptions_leave_it_open():
    assert import_certainty(ast.parse("try:\n    import a\nexcept* OSError:\n    pass").body) == {"a": LIKELY}
