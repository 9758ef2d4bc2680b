"""What a still costs: the process that makes a run's HTML and its picture.

Reference: a process that imports matplotlib.figure, and draws nothing. Both take turns; counted is their processor
time. The run has charts of 200 points, one of two curves, and 100 lines of log.

    python -m bench.still --rounds 15
"""

from __future__ import annotations

import math
import subprocess
import sys

from bench import kit
from bench.import_cost import children_cpu_s
from cellrun.core import Run
from cellrun.widgets.still.drawing import drawn

CHARTS = (2, 8)
WITHIN_S = 60


def logged(run: Run, charts: int) -> None:
    """Let a run log so many metrics and end."""
    for step in range(200):
        run.log_row("accuracy", epoch=step, train=1 - 0.9**step, test=0.9 - 0.9**step)
        for number in range(1, charts):
            run.log(f"loss {number}", math.exp(-step / 50) + math.sin(step * 7) / 50)
    run.layout.log.write_text("".join(f"epoch {step}  loss {math.exp(-step / 50):.4f}\n" for step in range(100)))
    run.complete()


def main() -> None:
    """Measure both kinds of run."""
    rounds = kit.parser(__doc__, rounds=15).parse_args().rounds
    for charts in CHARTS:
        with kit.working_folder() as folder:
            run = kit.new_run(folder)
            logged(run, charts)

            def measure(what: str, _: int, run: Run = run) -> float:
                began_s = children_cpu_s()
                if what == "still":
                    assert drawn([run.layout], WITHIN_S)  # else it would be fast
                else:
                    subprocess.run([sys.executable, "-c", "import matplotlib.figure"], check=True)
                return (children_cpu_s() - began_s) * 1000

            measure("still", 0)
            took = kit.take_turns(("still", "matplotlib"), rounds, measure)
        kit.emit_pairs(took["still"], took["matplotlib"], what="still", unit="cpu_ms", charts=charts)


if __name__ == "__main__":
    kit.start(main)
