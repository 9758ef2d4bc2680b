"""What the benches share: fresh processes that take turns, ratios of pairs, JSON lines."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from cellrun.core import Experiment, Run, Workspace
from cellrun.core.layout import RunLayout

ROOT = Path(__file__).parents[1]
T = TypeVar("T")


def parser(description: str | None, rounds: int | None = None) -> argparse.ArgumentParser:
    """Return a parser of a bench's options; with `--rounds` if it has a default."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if rounds:
        made.add_argument("--rounds", type=int, default=rounds)
    return made


def start(main: Callable[[], None], job: Callable[..., dict[str, Any]] | None = None) -> None:
    """Run a bench; or, in a process that it started by `child_command`, the job of one round."""
    if job and sys.argv[1:2] == ["--child"]:
        print(json.dumps(job(*sys.argv[2:])))
    else:
        main()


def child_command(bench: str, *arguments: object) -> list[str]:
    """Return the command of one round's job in a fresh process."""
    return [sys.executable, "-m", f"bench.{Path(bench).stem}", "--child", *map(str, arguments)]


def child_environment(**more: str) -> dict[str, str]:
    """Return the environment of a fresh process: byte code is kept, as users have it."""
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | more


def ask_child(bench: str, *arguments: object) -> Any:
    """Run one round's job in a fresh process and return what it found."""
    command = child_command(bench, *arguments)
    done = subprocess.run(command, env=child_environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def take_turns(names: Iterable[str], rounds: int, measure: Callable[[str, int], T]) -> dict[str, list[T]]:
    """Measure each name once a round, so that a busy minute hits all of them; return each one's results by round."""
    results: dict[str, list[T]] = {name: [] for name in names}
    for number in range(rounds):
        for name, found in results.items():
            found.append(measure(name, number))
    return results


def pair_ratio(ours: Sequence[float], references: Sequence[float]) -> float:
    """Return the median of the rounds' ratios."""
    return statistics.median(mine / its for mine, its in zip(ours, references, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share (0..1) of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def emit(**row: object) -> None:
    """Print one result as one JSON line, with the machine's load; numbers as long as they are read."""
    row["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps({key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in row.items()}))
    sys.stdout.flush()


def emit_pairs(ours: Sequence[float], references: Sequence[float], **row: object) -> None:
    """Print the medians of two that took turns, and the ratio of the first to the second."""
    emit(
        **row,
        cellrun=statistics.median(ours),
        reference=statistics.median(references),
        ratio=pair_ratio(ours, references),
        rounds=len(ours),
    )


@contextmanager
def working_folder() -> Iterator[Path]:
    """Make a temporary folder; what cellrun keeps is kept there."""
    with tempfile.TemporaryDirectory(prefix="cellrun-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        use_home(folder)
        yield folder


def use_home(folder: Path) -> None:
    """Let cellrun, here and in processes started from here, keep everything in a folder."""
    os.environ |= {"CELLRUN_HOME": str(folder / "home"), "CELLRUN_RUNTIME_DIR": str(folder / "runtime")}


def new_run(folder: Path) -> Run:
    """Open an interactive run, the only one of the folder, as a user does."""
    use_home(folder)
    os.chdir(folder)  # away from the config.json of whoever started the bench
    return Experiment(Workspace.from_config(), "bench").start_logging(snapshot_directory=None)


def the_run(folder: Path) -> RunLayout:
    """Return the layout of the run that `new_run` opened."""
    (run_folder,) = folder.glob("home/workspaces/default/runs/*")
    return RunLayout(run_folder)
