"""A small disk that fills while runs log, are submitted, are canceled and end, and is freed: each tells the truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cellrun.core import Workspace
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.notes import added_notes
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile
from tests.core.submitted_runs import Runs
from tests.core.supervision.test_run_folder import Until, is_anybody_left
from tests.small_disk import SmallDisk

LOGGING = """
import subprocess, sys, time
from pathlib import Path
from cellrun.core import Run
from cellrun.core.errors import EventNotKeptError
told, code = Path(sys.argv[1]), int(sys.argv[2])
nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True, **nowhere)
run, kept, refused = Run.get_context(), [], 0
value = 0
while not told.with_suffix(".go").exists():
    try:
        run.log("loss", value)
        kept.append(value)
    except EventNotKeptError:
        refused += 1
    value += 1
    time.sleep(0.01)
    draft = told.with_suffix(".draft")
    draft.write_text(f"{refused} " + " ".join(map(str, kept)))
    draft.replace(told)
sys.exit(code)
"""


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_each_run_tells_the_truth_of_a_disk_that_was_full_for_a_while(
    kind: str,
    small_disk: Callable[..., SmallDisk],
    runs: Runs,
    until: Until,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = small_disk(kind)
    monkeypatch.setenv("CELLRUN_HOME", str(disk.folder / "home"))
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "4")
    runs.workspace = Workspace.create("small", disk.folder / "workspace")

    def begin(name: str, code: int) -> tuple[Path, RunLayout]:
        told = tmp_path / name
        layout = runs.running(runs.script(LOGGING, told, code))
        until(told.exists, "its first event")
        return told, layout

    (fine, _), (failing, _), (later, _), (_, stopped) = begun = [
        begin(name, code) for name, code in (("fine", 0), ("failing", 3), ("later", 0), ("stopped", 0))
    ]
    disk.fill()
    for told in (fine, failing, later):
        until(lambda told=told: not told.read_text().startswith("0 "), "an event that is refused")
    for told in (fine, failing):  # these end while it is full, and one is canceled
        told.with_suffix(".go").touch()
    runs.target(stopped).cancel(stopped)
    with pytest.raises(CellrunError, match=r"(?i)no space left on device"):
        runs.script("print('never')")
    for layout in (begun[0][1], begun[1][1], stopped):
        until(lambda layout=layout: StatusFile(layout).read().status.is_terminal, "its end")
        until(lambda layout=layout: not is_anybody_left(layout), "its processes to go")
    disk.free()
    refused = int(later.read_text().split()[0])
    until(lambda: added_notes(begun[2][1]), "the note of what was refused")
    later.with_suffix(".go").touch()
    ends = [(runs.end(layout), layout) for _, layout in begun]
    assert [(end.status, end.fields["exit_code"]) for end, _ in ends[:3]] == [
        *((Status.COMPLETED, 0), (Status.FAILED, 3), (Status.COMPLETED, 0)),
    ]
    assert ends[3][0].status is Status.CANCELED
    for told, layout in begun:
        until(lambda layout=layout: not is_anybody_left(layout), "its processes to go")
        kept = list(map(int, told.read_text().split()[1:]))
        found = [event["v"] for batch in EventReader(layout).batches() for event in batch if event["k"] == "log"]
        assert set(kept) <= set(found), "what was acknowledged is there"
        assert found[: len(kept)] == kept, "what was refused isn't"
    assert sum(int(note.split()[0]) for note in added_notes(begun[2][1])) >= refused
    for run_id in RunStore(runs.workspace.layout).ids():
        layout = runs.workspace.layout.run(run_id)
        assert StatusFile(layout).read().status.is_terminal
        assert not [path for path in layout.statuses.iterdir() if path.suffix != ".json"]
