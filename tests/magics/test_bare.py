"""A cell with all that it may bring along, in another Python that has nothing but itself."""

import sys

import pytest

from cellrun.core.store.status import Status
from tests.interpreters import bare_environment, other_pythons
from tests.magics.notebook_shell import log, newest_run

DEFINED = """\
import shapes
from dataclasses import dataclass, field
from functools import lru_cache, partial

@dataclass(order=True)
class Point:
    x: float
    tags: list = field(default_factory=list)

    def __repr__(self):
        return f'<{self.x}>'

class Named(Point):
    name = 'n'

    @property
    def shout(self):
        return self.name.upper()

def counter(step):
    count = 0
    def more():
        nonlocal count
        count += step
        return count
    return more

@lru_cache
def cached(x): return counter(x)()

def note(x):
    run.log('spawned', x)
    return scaled(x)

scaled = partial(pow, 2)
points = [Point(2.0), Named(1.0, ['a'])]
square = shapes.Square(3)
table = {'big': 2**80, 'nan': float('nan'), 'bytes': b'x' * 70000, (1, 2): {3}}
"""
CELL = """\
import sys, multiprocessing
print(sorted([*points[:1], Point(1.0)]), points[1].shout, cached(4), square.area())
print(table['big'], len(table['bytes']), table[1, 2])
with multiprocessing.get_context('spawn').Pool(1) as pool:
    print(pool.map(note, [1, 2]))
more = counter(5)
more()
run.log('told', more())
made = {'points': points, 'version': list(sys.version_info[:2])}
total = 2**70
square
"""


@pytest.fixture
def there(tmp_path):
    """An environment without packages, of another minor version where this machine has one."""
    bare_environment(tmp_path / "there", (other_pythons() or (sys.executable,))[-1])
    return tmp_path / "there"


@pytest.fixture
def defined(notebook):
    """A notebook that has defined what the cell uses."""
    source = "class Square:\n    def __init__(self, side): self.side = side\n    def area(self): return self.side**2\n"
    (notebook.folder / "shapes.py").write_text(source + "    def _repr_html_(self): return '<b>square</b>'\n")
    notebook.run(DEFINED)
    return notebook


def test_it_runs_shows_and_gives_back(defined, there):
    defined.run(f"%%submit --environment {there} --return made,total --wait\n{CELL}")
    run = newest_run()
    assert run.get_status() == Status.COMPLETED, log(run)
    lines = log(run).splitlines()
    assert lines[:3] == ["[<1.0>, <2.0>] N 4 9", f"{2**80} 70000 {{3}}", "[2, 4]"]
    assert run.get_metrics() == {"spawned": [1, 2], "told": 10}
    assert lines[3].startswith("<shapes.Square object at ")
    [page] = [name for name in run.get_file_names() if name.startswith("displayed/")]
    assert page == "displayed/square_1.html"
    assert defined.value("total") == str(2**70)
    assert defined.value("type(made['points'][1]) is Named, made['points']") == "(True, [<2.0>, <1.0>])"
    if other_pythons():
        assert defined.value("made['version']") != str(list(sys.version_info[:2]))


def test_its_traceback_names_the_cells(defined, there):
    defined.run("def fails(point):\n    return point.x / 0")
    run = defined.submit("p = points[0]\nfails(p)", f"--environment {there}")
    lines = log(run).splitlines()
    assert [line.rpartition(", line ")[2] for line in lines if line.startswith("  Cell In[")] == ["3", "2, in fails"]
    assert lines[-1].startswith("ZeroDivisionError")
