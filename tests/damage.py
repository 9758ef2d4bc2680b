"""Ways in which a run's folder can be broken, or made by somebody who means harm: each file by each kind of damage."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.layout import RunLayout

DEEP = "[" * 100_000
MOST_BYTES = 200 << 30

FILES: dict[str, Callable[[RunLayout], Path]] = {
    "run.json": lambda run: run.record,
    "status": lambda run: run.statuses / f"{max(int(path.stem) for path in run.statuses.iterdir())}.json",
    "summary": lambda run: next(run.summaries.iterdir()),
    "events": lambda run: next(run.events.iterdir()),
    "launch.json": lambda run: run.launch,
    "process.json": lambda run: run.processes,
    "target.json": lambda run: run.target,
    "context.json": lambda run: run.context / "context.json",
    "notes.jsonl": lambda run: run.notes,
    "environment.json": lambda run: run.environment,
    "cancel.json": lambda run: run.cancel_request,
    "kept status": lambda run: run.statuses,
    "kept events": lambda run: run.events,
    "kept summary": lambda run: run.summaries,
}
"""The control files of a run; the last three are the folders of some."""


def _text(text: str) -> Callable[[Path], None]:
    return lambda path: Path(path).write_text(text)


def _sparse(path: Path) -> None:
    with path.open("w") as file:
        file.truncate(MOST_BYTES)


KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "link to a file": lambda path: path.symlink_to("/etc/passwd"),
    "link to itself": lambda path: path.symlink_to(path),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "folder": lambda path: path.mkdir(),
    "too large": _sparse,
    "empty": _text(""),
    "no JSON": _text("{]"),
    "not UTF-8": lambda path: path.write_bytes(b'{"a": "\xff"}'),
    "nested": _text(DEEP),
    "nested and whole": _text('{"fields": ' + "[" * 50_000 + "]" * 50_000 + "}"),
    "list": _text("[]"),
    "object": _text("{}"),
    "number": _text("1"),
}
"""What may stand in a file's place."""

WRONG = (
    None,
    True,
    -1,
    10**30,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "x",
    "\ud800",
    [],
    [1],
    {},
    {"a": {"b": [1]}},
)
"""What any value in a file may be instead."""


def put(run: RunLayout, name: str, kind: str) -> Path:
    """Put a kind of damage in the place of a file; return its path."""
    path = FILES[name](run)
    for _ in range(100):  # whoever looks at the run may be making its summary again
        with suppress(OSError):
            if os.path.lexists(path):
                path.unlink() if not path.is_dir() or path.is_symlink() else shutil.rmtree(path)
            path.parent.mkdir(exist_ok=True)
            KINDS[kind](path)
            return path
    raise AssertionError(f"{path} is made again and again")


def wrong_values(path: Path) -> Iterator[tuple[str, str]]:
    """Iterate over the JSON objects that one wrong value makes of a file, and what is wrong in each."""
    whole = json.loads(path.read_text())
    for place in _places(whole):
        for value in WRONG:
            changed = json.loads(json.dumps(whole))
            at = changed
            for key in place[:-1]:
                at = at[key]
            at[place[-1]] = value
            yield f"{'.'.join(map(str, place))}={value!r:.40}", json.dumps(changed)


def _places(data: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key in data if isinstance(data, dict) else range(len(data)):
        yield (*before, key)
        if isinstance(data[key], (dict, list)):
            yield from _places(data[key], (*before, key))


def deepen(folder: Path, folders: int) -> None:
    """Put folders into one another, more than a recursion goes, and a path has room for."""
    folder.mkdir(parents=True, exist_ok=True)
    below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(folders):
        os.mkdir("a", dir_fd=below)
        deeper = os.open("a", os.O_RDONLY | os.O_DIRECTORY, dir_fd=below)
        os.close(below)
        below = deeper
    os.close(below)
