"""What an environment that is built for a run costs: cold, with uv's cache warm, warm, and shared by ten runs at once.

Of each it is how long from the call that submits to the first line of the user's script. `own` is a run without an
environment, `given` one by the path of an environment that is there, `built` one by its packages when they have been
installed before: these take turns. The packages come from the index that uv is told of; without a network give
`--packages` of a folder by UV_FIND_LINKS and UV_NO_INDEX=1.

    python -m bench.environments --packages scikit-learn==1.5 --rounds 20
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from bench import kit
from cellrun.core import ScriptRunConfig, Workspace
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.plan import plan_of
from cellrun.core.environments.given import spec_from
from cellrun.core.layout import RunLayout
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.submission import submit

FIRST_LINE = "import time; t = time.monotonic(); open('first', 'w').write(f'{t}\\n')"
SHARING = 10


class Submitter:
    """A workspace and a source folder to submit from."""

    def __init__(self, folder: Path) -> None:
        self._workspace = Workspace.create("bench")
        self._source = folder / "source"
        self._source.mkdir()
        (self._source / "train.py").write_text(FIRST_LINE)

    def start(self, environment: object) -> tuple[float, RunLayout]:
        """Submit the script; return the moment of the call, and the run."""
        called = time.monotonic()
        config = ScriptRunConfig(self._source, "train.py", environment=environment)
        return called, submit(self._workspace, "environments", config)

    def seconds(self, environment: object) -> float:
        """Return how long it is to the first line of the script."""
        called, layout = self.start(environment)
        return first_line(layout) - called


def first_line(layout: RunLayout) -> float:
    """Wait for a run's end; return the moment of its script's first line."""
    while not (status := StatusFile(layout).read().status).is_terminal:
        time.sleep(0.005)
    if status is not Status.COMPLETED:
        raise SystemExit(f"{layout.run_id} is {status}: {StatusFile(layout).read().reason}")
    return float((layout.work / "first").read_text())


def shared(submitter: Submitter, spec: EnvironmentSpec) -> dict[str, object]:
    """Let ten runs share an environment that isn't there; return how long to the last first line, and the builds."""
    started = [submitter.start(spec) for _ in range(SHARING)]
    ended = [first_line(layout) for _, layout in started]
    logs = [layout.preparation_log.read_text() for _, layout in started if layout.preparation_log.exists()]
    builds = sum("Building environment" in log for log in logs)
    return {"runs": SHARING, "seconds": max(ended) - started[0][0], "builds": builds}


def main() -> None:
    """Measure and print."""
    parser = kit.parser(__doc__, rounds=20)
    parser.add_argument("--packages", nargs="+", default=["scikit-learn==1.5"])
    given = parser.parse_args()
    os.environ["CELLRUN_LOCAL_CPUS"] = str(SHARING)
    with kit.working_folder() as folder:
        os.environ["UV_CACHE_DIR"] = str(folder / "uv-cache")
        submitter, spec = Submitter(folder), spec_from(None, packages=given.packages)
        if not isinstance(spec, EnvironmentSpec):
            raise SystemExit(f"{given.packages} are no packages")
        kept = plan_of(spec).kept
        if kept is None:
            raise SystemExit("nothing is built for them")
        for what in ("cold", "cold, packages in uv's cache"):
            seconds = submitter.seconds(spec)
            kit.emit(what=what, s=seconds, build_s=kept.facts["seconds"], packages=" ".join(given.packages))
            kept.remove()
        kit.emit(what=f"cold, {SHARING} runs at once", **shared(submitter, spec))
        ways: dict[str, object] = {"own": None, "given": str(kept.prefix), "built": spec}
        found = kit.take_turns(ways, given.rounds + 1, lambda way, _: 1000 * submitter.seconds(ways[way]))
        warm = {way: milliseconds[1:] for way, milliseconds in found.items()}
        for way, milliseconds in warm.items():
            kit.emit(what=way, ms=statistics.median(milliseconds), worst_ms=max(milliseconds), rounds=given.rounds)
        adds = statistics.median(ours - its for ours, its in zip(warm["built"], warm["given"], strict=True))
        kit.emit(what="a warm one adds to one given", ms=adds, rounds=given.rounds)


if __name__ == "__main__":
    kit.start(main)
