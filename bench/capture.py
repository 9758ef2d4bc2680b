"""What it costs to capture a cell: from its text to a run folder and values in the store.

`array` is a cell that reads one array of `--bytes` bytes, of random numbers, contiguous or with gaps (every second
column of an array of twice the size). The reference writes the same array to a new file of the same disk: its memory as
it lies, or row by row where it has gaps. Neither is synced. Peak memory is what the process has at most while it
captures, over what it had before, the array included. Each round is a fresh process. `cell` is an ordinary cell:
a function, a class, a model, a small frame, three imports and a local module; its first capture loads libraries and
isn't counted. `package` is the first capture of a cell that uses a package of 22 local files, 0.6 MB; the reference
parses the same files. `again` is the second capture of the same cell with its array in the store: time, and bytes
written. `notebooks` are the cells of notebooks, each captured before it is run, as if it were submitted there; the
reference is running them.

    python -m bench.capture --rounds 5
    python -m bench.capture --notebooks path/to/*.ipynb
"""

from __future__ import annotations

import ast
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import numpy.typing as npt
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from bench import kit
from cellrun.core.errors import UserErrorException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.magics.cell_run_config import CellRunConfig, CellToSubmit
from cellrun.magics.shell import NotebookCell

WAYS = ("array", "strided")
ORDINARY = """\
import json, math
import numpy as np
import own

class Model:
    def __init__(self): self.weights = np.zeros((64, 10))
    def predict(self, rows): return softmax(rows @ self.weights)

def softmax(x): return np.exp(x - x.max()) * own.SCALE

model, settings = Model(), {"rate": 0.1, "layers": [64, 10]}
rows, names = np.ones((1437, 64)), [f"row {n}" for n in range(1437)]
"""
PART = """\
TABLE_{number} = "data/table{number}.csv"
RATES_{number} = {{"fast": 0.{number}, "slow": [1, 2, {number}]}}


class Model{number}:
    layers = [64, {number}]

    def __init__(self, rate=RATES_{number}["fast"], name="model-{number}"):
        self.weights, self.rate, self.name = np.zeros((64, 10)), rate, name

    def predict(self, rows):
        for row in rows:
            if row.sum() > self.rate and self.name:
                yield np.exp(row @ self.weights)


def f{number}(x):
    with open(os.path.join("..", TABLE_{number})) as lines:
        return [float(each) * x for each in lines if not each.startswith("#")]


"""
ORDINARY_CELL = """\
for epoch in range(settings["layers"][0]):
    run.log("loss", math.log(model.predict(rows).sum()))
print(json.dumps(settings), len(names))
"""


class Notebook:
    """A shell in a folder, whose cells are captured and never run."""

    def __init__(self, folder: Path) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = InteractiveShell.instance(config=config, ipython_dir=str(folder / "ipython"))
        self._workspace = WorkspaceLayout(folder / "workspace")
        self._count = 0

    def capture(self, body: str) -> float:
        """Capture a cell as a submission does and return the seconds."""
        self._count += 1
        layout = RunLayout(self._workspace.runs / f"run-{self._count}")
        layout.snapshot.mkdir(parents=True)
        began_s = time.perf_counter()
        cell = NotebookCell.current(self.shell, f"%%submit\n{body}")
        config = CellRunConfig(self.shell, CellToSubmit(cell, body, "run", []), self._workspace)
        config.request().code.copy_to(layout)
        return time.perf_counter() - began_s

    def value_bytes(self) -> int:
        """Return the bytes in the value store."""
        return sum(path.stat().st_size for path in self._workspace.values.rglob("*") if path.is_file())


def array_of(way: str, size_bytes: int) -> npt.NDArray[np.float64]:
    """Return an array of random numbers: contiguous, or with gaps."""
    columns = 1000
    rows = size_bytes // columns // 8
    if way == "array":
        return np.random.default_rng(0).random((rows, columns))
    return np.random.default_rng(0).random((rows, 2 * columns))[:, ::2]


def write(array: npt.NDArray[np.float64], path: Path) -> float:
    """Write an array to a new file and return the seconds."""
    began_s = time.perf_counter()
    with path.open("xb", buffering=0) as file:
        if array.flags.c_contiguous:
            left = array.data.cast("B")
            while left:
                left = left[file.write(left) :]
        else:
            step = (8 << 20) // (array.shape[1] * array.itemsize)
            for start in range(0, len(array), step):
                file.write(array[start : start + step].tobytes())
    took_s = time.perf_counter() - began_s
    path.unlink()
    return took_s


def peak_over_mb(before_mb: float) -> float:
    """Return by how much the most memory since `reset_peak` is over what there was."""
    return _memory_mb("VmHWM") - before_mb


def reset_peak() -> float:
    """Forget the most memory that this process has had; return what it has, in MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory_mb("VmRSS")


def _memory_mb(name: str) -> float:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[name].split()[0]) / 1024


def measure_array(way: str, size_text: str, number: str, folder_name: str) -> dict[str, Any]:
    """Capture a cell with an array in this process; the plain write is before it or after, by the round's number."""
    folder = Path(folder_name)
    os.chdir(folder)
    notebook = Notebook(folder)
    notebook.shell.user_ns["data"] = array = array_of(way, int(size_text))
    notebook.shell.user_ns["small"] = np.zeros(100_000)
    notebook.capture("print(small.sum())")  # loads libraries
    write(array, folder / "plain")  # a disk that was idle takes its time
    plain_s = [write(array, folder / "plain")] if int(number) % 2 else []
    before_mb, before = reset_peak(), notebook.value_bytes()
    took_s = notebook.capture("print(data.sum())")
    first = {"s": took_s, "peak_mb": peak_over_mb(before_mb), "written": notebook.value_bytes() - before}
    plain_s = plain_s or [write(array, folder / "plain")]
    before_mb, before = reset_peak(), notebook.value_bytes()
    took_s = notebook.capture("print(data.sum())")
    again = {"s": took_s, "peak_mb": peak_over_mb(before_mb), "written": notebook.value_bytes() - before}
    os.chdir("/")  # the shell looks where it is at its end
    return {"plain_s": plain_s[0], "first": first, "again": again}


def measure_ordinary(rounds: int, folder: Path) -> list[tuple[float, float]]:
    """Return milliseconds and those of CPU of captures of an ordinary cell; one value changes in between."""
    (folder / "own.py").write_text("SCALE = 2\n")
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    notebook = Notebook(folder)
    notebook.shell.run_cell(ORDINARY, store_history=True)  # type: ignore[no-untyped-call]
    took_ms = []
    for number in range(rounds + 1):
        notebook.shell.user_ns["settings"]["rate"] = number
        before_s = time.process_time()
        took_s = notebook.capture(ORDINARY_CELL)
        took_ms.append((took_s * 1000, (time.process_time() - before_s) * 1000))
    os.chdir("/")
    return took_ms[1:]


def write_package(folder: Path) -> list[Path]:
    """Write a package of 22 modules as people have them, 24 kB each: functions, classes, settings, paths."""
    (folder / "package").mkdir()
    body = "".join(PART.format(number=number) for number in range(40))
    files = [folder / "package" / f"part{number}.py" for number in range(21)]
    for file in files:
        file.write_text(f"import os\nimport numpy as np\n\n\n{body}")
    names = ", ".join(file.stem for file in files)
    (folder / "package" / "__init__.py").write_text(f"from . import {names}\n")
    return files


def measure_package(number: str, folder_name: str) -> dict[str, Any]:
    """Capture a cell with a package in this process; its files are parsed before it or after, by the round's number."""
    folder = Path(folder_name)
    os.chdir(folder)
    files = write_package(folder)
    sys.path.insert(0, str(folder))
    notebook = Notebook(folder)
    notebook.shell.run_cell("import package", store_history=True)  # type: ignore[no-untyped-call]
    notebook.capture("print(1)")  # loads libraries
    parsed_s = [parse(files)] if int(number) % 2 else []
    before_s = time.process_time()
    notebook.capture("print(package.part0.f0(1))")
    took_s = time.process_time() - before_s
    os.chdir("/")
    return {"took_s": took_s, "parsed_s": (parsed_s or [parse(files)])[0]}


def parse(files: list[Path]) -> float:
    """Parse files and return the seconds of CPU."""
    before_s = time.process_time()
    for file in files:
        ast.parse(file.read_bytes())
    return time.process_time() - before_s


def measure_notebook(notebook_name: str, folder_name: str) -> dict[str, Any]:
    """Capture each cell of a notebook and then run it, in this process and a copy of the notebook's folder."""
    path = Path(notebook_name)
    folder = Path(folder_name) / "copy"
    shutil.copytree(path.parent, folder, symlinks=True)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    notebook = Notebook(Path(folder_name))
    read = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    cells = [cell.source for cell in read.cells if cell.cell_type == "code"]
    bodies = [body for body in cells if body.strip() and not body.lstrip().startswith("%%")]
    captures_s, runs_s, refused = [], [], 0
    for body in bodies:
        began_s = time.perf_counter()
        try:
            notebook.capture(body)
        except UserErrorException:
            refused += 1
        captured_s = time.perf_counter()
        with capture_output():
            notebook.shell.run_cell(body, store_history=True)  # type: ignore[no-untyped-call]
        captures_s.append(captured_s - began_s)
        runs_s.append(time.perf_counter() - captured_s)
    os.chdir("/")
    return {"captures_s": captures_s, "runs_s": runs_s, "refused": refused}


def emit_notebooks(notebooks: list[Path]) -> None:
    """Measure the cells of notebooks, each notebook in a process of its own."""
    found = []
    for path in notebooks:
        with kit.working_folder() as folder:
            found.append(kit.ask_child(__file__, "notebook", path.resolve(), folder))
    times_ms = [each_s * 1000 for each in found for each_s in each["captures_s"]]
    ran_ms = [each_s * 1000 for each in found for each_s in each["runs_s"]]
    p50_ms, p99_ms = kit.percentile(times_ms, 0.5), kit.percentile(times_ms, 0.99)
    counts = {"cells": len(times_ms), "refused": sum(each["refused"] for each in found)}
    figures = {
        "p50_ms": p50_ms,
        "p99_ms": p99_ms,
        "most_ms": max(times_ms),
        "ratio_to_running": sum(times_ms) / sum(ran_ms),
    }
    kit.emit(what="cells of notebooks", **counts, **figures, goal_p99_ms=300)


def measure(job: str, *arguments: str) -> dict[str, Any]:
    """Do one round's job in this process."""
    jobs = {"package": measure_package, "notebook": measure_notebook}
    return jobs[job](*arguments) if job in jobs else measure_array(job, *arguments)


def main() -> None:
    """Measure arrays in turns, then the ordinary cell; or the cells of notebooks."""
    parser = kit.parser(__doc__, rounds=5)
    parser.add_argument("--bytes", type=int, default=1_000_000_000, help="the array's size")
    parser.add_argument("--notebooks", type=Path, nargs="+", help="measure the cells of these alone")
    options = parser.parse_args()
    if options.notebooks:
        emit_notebooks(options.notebooks)
        return

    def in_child(way: str, number: int) -> Any:
        with kit.working_folder() as folder:
            return kit.ask_child(__file__, way, options.bytes, number, folder)

    for way, found in kit.take_turns(WAYS, options.rounds, in_child).items():
        firsts, again = [each["first"] for each in found], [each["again"] for each in found]
        plain_s = [each["plain_s"] for each in found]
        kit.emit_pairs([each["s"] for each in firsts], plain_s, what=way, unit="s", bytes=options.bytes)
        kit.emit(what=f"{way}, peak over it", peak_mb=max(each["peak_mb"] for each in firsts), goal_mb=100)
        kit.emit_pairs([each["s"] for each in again], plain_s, what=f"{way}, again", unit="s")
        kit.emit(what=f"{way}, again", written_bytes=max(each["written"] for each in again), goal_bytes=64 << 10)
    packages = []
    for number in range(options.rounds):
        with kit.working_folder() as folder:
            packages.append(kit.ask_child(__file__, "package", number, folder))
    took_s, parsed_s = ([each[key] for each in packages] for key in ("took_s", "parsed_s"))
    kit.emit_pairs(took_s, parsed_s, what="package of 22 files, CPU", unit="s")
    with kit.working_folder() as folder:
        took_ms = measure_ordinary(20 * options.rounds, folder)
    for what, times_ms in zip(("ordinary cell", "ordinary cell, CPU"), zip(*took_ms, strict=True), strict=True):
        p50_ms, p95_ms = kit.percentile(times_ms, 0.5), kit.percentile(times_ms, 0.95)
        kit.emit(what=what, p50_ms=p50_ms, p95_ms=p95_ms, goal_ms=30)


if __name__ == "__main__":
    kit.start(main, measure)
