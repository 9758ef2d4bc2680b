"""Which modules code imports."""

import collections
import decimal
import fractions
import pickle

import pytest

from cellrun.core.export.imported import imported_modules, pickled_modules


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import a.b as c, d", {"a.b", "d"}),
        ("from a import b", {"a", "a.b"}),
        ("from . import b\nfrom .c import d", set()),
        ("def f():\n    import a", {"a"}),
        ("not python (", set()),
        ("x = 'import a'", set()),
    ],
)
def test_of_a_source(source, modules):
    assert imported_modules(source) == modules


def test_of_a_pickle_each_thing_it_takes_from_somewhere():
    values = [decimal.Decimal(1), fractions.Fraction(1, 3), [collections.OrderedDict(a=decimal.Decimal(2))], "os", len]
    assert pickled_modules(pickle.dumps(values, protocol=5)) == {"decimal", "fractions", "collections", "builtins"}


def test_of_a_pickle_nothing_is_loaded(tmp_path):
    class Hostile:
        def __reduce__(self):
            return open, (str(tmp_path / "made"), "w")

    assert pickled_modules(pickle.dumps(Hostile(), protocol=5)) <= {"io", "_io"}  # by the version of Python
    assert list(tmp_path.iterdir()) == []
