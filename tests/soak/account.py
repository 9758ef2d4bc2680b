"""What has become of everything: what jobs and kernels acknowledged against what cellrun tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cellrun.core.errors import problem_of
from cellrun.core.identity import start_ticks
from cellrun.core.layout import RunLayout
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.lists.index import Index
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.targets.local.queue import LocalQueue
from tests.soak.place import Place

NEVER = (
    *("lost", "doubled", "runs lost", "stuck", "falsely failed", "falsely completed", "ended twice"),
    *("survivors", "leftovers", "wrong in the list", "damaged", "crashes"),
)
"""What must not be, in the order of the table."""
ERRORS = {"crash": "crashes", "bare": "bare errors", "refused": "refused"}
"""What the journal's words for errors are counted as: only the first is always wrong."""
_MOST_TOLD = 12
_LONGEST = 600


@dataclass
class Account:
    """Counts by what they count, and a line for each thing that is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.counts[name] for name in NEVER)

    def add(self, what: str, told: object, count: int = 1) -> None:
        """Note what is wrong."""
        if count:
            self.counts[what] += count
            self.wrong.setdefault(what, []).append(str(told))

    def findings(self) -> Iterator[str]:
        """Iterate over what is wrong, as lines."""
        for what in (*NEVER, "bare errors"):
            lines = self.wrong.get(what, [])
            yield from (f"{what}: {line}" for line in lines[:_MOST_TOLD])
            if len(lines) > _MOST_TOLD:
                yield f"{what}: … and {len(lines) - _MOST_TOLD} more"


@dataclass
class Told:
    """What a run's processes and the kernels have said of it."""

    metrics: dict[str, list[int]] = field(default_factory=dict)
    refused: int = 0
    """Calls that raised: the disk was full."""
    processes: list[tuple[int, int]] = field(default_factory=list)
    end: int | None = None
    error: str = ""
    words: Counter[str] = field(default_factory=Counter)
    """From the journal: submitted, completed, cancel, delete, killed supervisor, killed job."""

    def read(self, path: Path) -> None:
        """Take in a file of acknowledgements; a line that isn't whole was never acknowledged."""
        lines = path.read_text().split("\n")[:-1]
        values = self.metrics.setdefault(path.suffix[1:], [])
        is_main = lines[:1] == ["main"]
        for line in lines:
            word, _, rest = line.partition(" ")
            if word.isdecimal():
                values.append(int(word))
            elif word == "refused":
                self.refused += 1
            elif word == "process":
                pid, started = rest.split()
                self.processes.append((int(pid), int(started)))
            elif word == "end" and is_main:
                self.end = int(rest)
            elif word == "error" and is_main:
                self.error = rest


def take(place: Place) -> Account:
    """Hold what was acknowledged against the run folders, the list and the processes that are left."""
    account = Account()
    runs = _told(place, account)
    for run_id, said in sorted(runs.items()):
        layout = place.workspace.run(run_id)
        account.counts["acknowledged"] += sum(map(len, said.metrics.values()))
        for pid, started in said.processes:
            account.add("survivors", f"{run_id}: {pid}", bool(started) and start_ticks(pid) == started)
        if layout.record.exists():
            _look_at_events(account, layout, said)
        elif not said.words["delete"]:
            acknowledged = said.words["submitted"] or said.words["completed"] or said.metrics
            account.add("runs lost", run_id, bool(acknowledged))
    for folder in sorted(path for path in place.workspace.runs.glob("*") if not path.name.startswith(".")):
        account.counts["runs"] += 1
        _look_at_status(account, RunLayout(folder), runs.get(folder.name, Told()))
    _look_at_list(account, place)
    for path in leftovers(place):
        account.add("leftovers", path)
    return account


def leftovers(place: Place) -> Iterator[str]:
    """Iterate over what is there that nobody needs any more."""
    workspace = place.workspace
    drafts: list[Iterable[Path]] = [
        workspace.folder.glob(".*"),
        workspace.runs.glob(".*"),
        workspace.runs.glob("*/.*"),
        workspace.runs.glob("*/[!sw]*/.*"),
        workspace.runs.glob("*/status/*.tmp"),
        (path for path in workspace.values.rglob(".*") if path != workspace.orphans),  # the next submission's mark
        place.home.glob("registry/.*"),
        place.home.glob("cache/*/.*"),
        (path for name in ("here", "temporary") for path in (place.folder / name).iterdir() if path.name != "outputs"),
    ]
    for found in drafts:
        yield from (str(path.relative_to(place.folder)) for path in found)
    queue = LocalQueue()
    yield from (f"queue: {path.name}" for path in queue.folder.iterdir() if path.name != "lock")


def _told(place: Place, account: Account) -> dict[str, Told]:
    runs: dict[str, Told] = {}
    for path in place.acks:
        runs.setdefault(path.name.rpartition(".")[0], Told()).read(path)
    for word, *rest in place.journal():
        if word in ERRORS:
            account.add(ERRORS[word], _end_of(" ".join(rest)))
        elif word == "killed":
            runs.setdefault(rest[0], Told()).words[f"killed {rest[1]}"] += 1
        else:
            runs.setdefault(rest[0], Told()).words[word] += 1
    return runs


def _end_of(text: str) -> str:
    return text if len(text) <= _LONGEST else f"… {text[-_LONGEST:]}"


def _look_at_events(account: Account, layout: RunLayout, said: Told) -> None:
    reader, found = EventReader(layout), Counter[tuple[str, object]]()
    for events in reader.batches():
        found.update((event["n"], event["v"]) for event in events if event["k"] == "log")
    told_torn = "; ".join(map(str, reader.damage))
    account.add("damaged", f"{layout.run_id}: {told_torn}", max(0, len(reader.damage) - said.refused))
    for metric, values in said.metrics.items():
        lost = [value for value in values if not found[metric, value]]
        account.add("lost", f"{layout.run_id} {metric}: {lost[:5]} …", len(lost))
    twice = {key: count - 1 for key, count in found.items() if count > 1}
    account.add("doubled", f"{layout.run_id}: {list(twice)[:5]} …", sum(twice.values()))


def _look_at_status(account: Account, layout: RunLayout, said: Told) -> None:
    try:
        history = StatusFile(layout).history()
        last = history[-1]
    except (OSError, ValueError, IndexError) as error:
        account.add("damaged", f"{layout.run_id}: {problem_of(error)}")
        return
    path = " ".join(record.status.value for record in history)
    about = f"{layout.run_id}: {path} ({last.reason}); {dict(said.words)} end {said.end} {said.error}"
    account.counts[last.status.value] += 1
    account.add("stuck", about, not last.status.is_terminal)
    account.add("ended twice", about, sum(record.status.is_terminal for record in history) > 1)
    if not last.status.is_terminal:
        return
    was_hit = said.words["killed job"] or said.words["cancel"]
    if last.status is Status.CANCELED:
        account.add("falsely failed", about, not said.words["cancel"])
    elif said.words["completed"] or (said.end == 0 and not was_hit):
        account.add("falsely failed", about, last.status is not Status.COMPLETED)
    elif said.error and not was_hit:  # its run was ended under it
        account.add("falsely failed", about)
    elif last.status is Status.COMPLETED:
        account.add(
            "falsely completed", about, said.end not in {0, None} or (said.words["submitted"] and said.end is None)
        )


def _look_at_list(account: Account, place: Place) -> None:
    """The list says what the folders say, and the same when it is made again."""
    shown = _rows(place)
    for path in place.home.glob("cache/*/index.db*"):
        with suppress(FileNotFoundError):
            path.unlink()
    again = _rows(place)
    for run_id in sorted({*shown, *again}):
        if shown.get(run_id) != again.get(run_id):
            account.add("wrong in the list", f"{run_id}: {shown.get(run_id)} was shown, {again.get(run_id)} is right")


def _rows(place: Place) -> dict[str, tuple[object, ...]]:
    rows = Index(place.workspace).runs()
    return {
        row.id: (row.status.value, row.reason, row.ended_at, {name: one.count for name, one in row.metrics.items()})
        for row in rows
    }
