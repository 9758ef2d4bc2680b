"""The rooms of the house: imports run one way, none in a circle, and what a supervisor needs is in every Python."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.drawing import PAGE, arrows, drawn_rows, redrawn, sizes
from tests.imports import EXPERIMENT, FACADE, FILES, ROOT, SOURCES, UPWARDS, Import, circles, imports, room
from tests.interpreters import other_pythons

PARTS = {
    "cellrun.core": set(),
    "cellrun.widgets": {"cellrun.core"},
    "cellrun.server": {"cellrun.core"},
    "cellrun.azureml": {"cellrun.core", "cellrun.widgets"},
    "cellrun.magics": {"cellrun.core", "cellrun.widgets"},
}


def test_no_room_is_in_a_circle_with_another():
    arrows = {(each.importer, each.imported) for each in imports()} - UPWARDS
    assert len(arrows) > 500
    assert circles({(room(a), room(b)) for a, b in arrows if room(a) != room(b)}) == []


def test_no_room_of_data_is_in_a_circle_with_another():
    data = "cellrun.core.data."
    arrows = {(room(a, 4), room(b, 4)) for a, b, _ in imports() if a.startswith(data) and b.startswith(data)}
    assert len(arrows) > 10
    assert circles({(a, b) for a, b in arrows if a != b}) == []


def test_no_folder_of_the_front_end_is_in_a_circle_with_another():
    source = (ROOT / "labextension" / "src").resolve()

    def folder(file: Path) -> str:
        """Return the folder, or the name of a file that is in none."""
        return file.relative_to(source).with_suffix("").parts[0]

    arrows = {
        (folder(file), folder((file.parent / imported).resolve()))
        for file in source.rglob("*.ts")
        for imported in re.findall(r"(?:from |import\()'(\.\.?/[^']*)'", file.read_text())
    }
    assert {("view", "data"), ("data", "server"), ("output", "view"), ("index", "lab")} <= arrows
    assert circles({(a, b) for a, b in arrows if a != b}) == []


def test_every_import_upwards_is_still_there_and_waits_for_its_call():
    found = {(each.importer, each.imported): each.is_later for each in imports()}
    assert {pair: found.get(pair) for pair in UPWARDS} == {
        (FACADE, "cellrun.core"): False,  # the package itself, which loads a name when it is used
        (FACADE, "cellrun.core.comparison.figure"): True,
        (FILES, "cellrun.core.export.export"): True,
        (EXPERIMENT, "cellrun.core"): False,
    }


def test_a_name_that_the_package_loads_when_it_is_asked_counts_as_an_import_of_its_module():
    assert Import("cellrun.magics.submit", "cellrun.core.workspace", is_later=False) in imports()
    assert any(each.imported == "cellrun.core.errors" for each in imports())
    assert not [
        each for each in imports() if each.imported == "cellrun.core" and (each.importer, each.imported) not in UPWARDS
    ]


def test_a_circle_would_be_found():
    assert circles({("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")}) == [{"a", "b", "c"}]


def test_the_parts_import_one_way():
    part = {each: ".".join(each.split(".")[:2]) for pair in imports() for each in pair[:2]}
    arrows = {(part[each.importer], part[each.imported]) for each in imports()}
    assert {a for a, _ in arrows} == set(PARTS)
    assert {(a, b) for a, b in arrows if a != b and b not in PARTS[a]} == set()


def test_what_runs_where_nothing_is_installed_needs_no_package():
    """A supervisor, and whatever a machine elsewhere is sent, runs with `-I -S`; `local`'s queue goes with it."""
    core = ROOT / "core" / "cellrun" / "core"
    rooms = ("supervision", "engine", "targets/local", "targets/slurm", "remote", "mirror")
    modules = [
        f"cellrun.core.{file.relative_to(core).with_suffix('').as_posix().replace('/', '.')}"
        for file in (*(file for each in rooms for file in core.glob(f"{each}/*.py")), core / "targets" / "launching.py")
        if file.stem not in {"__init__", "supervisor"}
    ]
    assert {"cellrun.core.supervision.watch", "cellrun.core.targets.local.target"} <= set(modules)
    program = f"""
import importlib, sys
sys.path.append({str(ROOT / "core")!r})
for name in {modules!r}:
    importlib.import_module(name)
for name, module in sorted(sys.modules.items()):
    file = getattr(module, '__file__', None) or ''
    if file and not file.startswith({str(core)!r}) and name.partition('.')[0] not in sys.stdlib_module_names:
        print(name, file)
"""
    for python in (sys.executable, *other_pythons()):
        done = subprocess.run([python, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "", python


def test_the_map_of_the_house_names_files_and_rooms_that_are_there():
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.partition("## Where do I change")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)
    answers = [path for _, answer in rows for path in re.findall(r"`([^`]+/[^`]*)`", answer)]
    assert len(rows) >= 150
    assert [path for path in answers if not (ROOT / path).exists()] == []
    sources = [f"/{file.relative_to(ROOT)}" for part in (*SOURCES, "tests", "bench") for file in _sources(ROOT / part)]
    short = set(re.findall(r"`([\w/]+\.(?:py|ts))`", text)) - {"cellrun/__init__.py"}
    assert [path for path in short if not any(file.endswith(f"/{path}") for file in sources)] == []
    drawn = text.partition("core/cellrun/core/ ")[2].partition("tests/ ")[0]
    rooms = {name for line in drawn.splitlines()[1:] for name in re.findall(r"\b([a-z_]+)/", line[:31])}
    assert {path.name for path in (ROOT / "core/cellrun/core").iterdir() if (path / "__init__.py").exists()} <= rooms


def test_the_drawing_of_the_house_has_every_room_once_with_its_size_and_what_it_imports():
    drawn = drawn_rows(PAGE.read_text())
    names = [name for row in drawn for name in row.names]
    assert sorted(names) == sorted(sizes())
    for there, today in zip(drawn, redrawn(drawn), strict=True):
        assert there.arrows == today.arrows, there.names
        assert abs(there.modules - today.modules) <= max(3, 0.2 * today.modules), there.names
        assert abs(there.lines - today.lines) <= max(200, 0.2 * today.lines), there.names


def test_every_row_of_the_drawing_imports_rows_below_it_alone():
    height = {name: -index for index, row in enumerate(drawn_rows(PAGE.read_text())) for name in row.names}
    assert {(a, b) for a, b in arrows() if height[a] < height[b]} == set()


def _sources(folder: Path) -> Iterator[Path]:
    """Iterate over a part's modules, in Python and TypeScript; not over what is installed or built below it."""
    for each in folder.iterdir():
        if each.is_dir() and each.name not in {"node_modules", "static", "lib"}:
            yield from _sources(each)
        elif each.suffix in {".py", ".ts"}:
            yield each
