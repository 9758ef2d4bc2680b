"""How long it is from the call that submits to the first line of a script that has a dataset of a local store.

`without` is the same run without data: what a run costs anyway. `file` is one file of 1 GB, `folder` is 10,000 files of
10 kB in one folder, both read in place; `glob` are those 10,000 by a pattern, which the run gets as links. They take
turns. The script's first line writes time.monotonic() (one clock for all processes of a machine).

    python -m bench.data_in_a_run --rounds 20
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench import kit
from cellrun.core import Dataset, ScriptRunConfig, Workspace
from cellrun.core.data.datasets.file_dataset import FileDataset
from cellrun.core.store.status import StatusFile
from cellrun.core.submission.submission import submit

LINE = "import time; t = time.monotonic(); import sys; open(sys.argv[1], 'w').write(f'{t}\\n')"
LARGE_BYTES = 1_000_000_000
FILES, SMALL_BYTES = 10_000, 10_000


def main() -> None:
    """Measure and print."""
    given = kit.parser(__doc__, rounds=20).parse_args()
    with kit.working_folder() as folder:
        workspace = Workspace.create("bench")
        datasets = _datasets(workspace)
        source = folder / "source"
        source.mkdir()
        (source / "first.py").write_text(LINE)

        def first_line(way: str, number: int) -> float:
            told = folder / f"{way}-{number}"
            data = [datasets[way].as_named_input("train").as_mount()] if way in datasets else []
            called = time.monotonic()
            layout = submit(workspace, "data", ScriptRunConfig(source, "first.py", [told], data=data))
            while not StatusFile(layout).read().status.is_terminal:
                time.sleep(0.05)
            time.sleep(0.3)  # what is noted beside it is no part of the next one
            return (float(told.read_text()) - called) * 1000

        found = kit.take_turns(["without", *datasets], given.rounds, first_line)
    for way in datasets:
        kit.emit_pairs(found[way], found["without"], what=f"submit to first line, ms: {way}")
        added = statistics.median(a - b for a, b in zip(found[way], found["without"], strict=True))
        kit.emit(what=f"added, ms: {way}", value=added)


def _datasets(workspace: Workspace) -> dict[str, FileDataset]:
    data = workspace.layout.data
    (data / "many").mkdir(parents=True)
    _write(data / "large.bin", LARGE_BYTES)
    for number in range(FILES):
        _write(data / "many" / f"{number}.bin", SMALL_BYTES)
    store = workspace.get_default_datastore()
    paths = {"file": "large.bin", "folder": "many", "glob": "many/*.bin"}
    return {way: Dataset.File.from_files((store, path), validate=False) for way, path in paths.items()}


def _write(path: Path, size_bytes: int) -> None:
    block = bytes(min(size_bytes, 1 << 20))
    with path.open("wb") as file:
        while (left := size_bytes - file.tell()) > 0:
            file.write(block[:left])


if __name__ == "__main__":
    kit.start(main)
