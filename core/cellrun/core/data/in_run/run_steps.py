"""Runs a data step of a run beside its job: `python run_steps.py bring | note | deliver <run folder> [ended]`.

Started by the run's supervisor with the Python of whoever submitted the run, which has what its stores need; what it
prints is in the run's `user_logs/`.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    gc.set_threshold(50_000)  # most of its objects are imports' and stay: looking for garbage took a sixth of its time
    sys.path.append(str(Path(__file__).parents[4]))  # this cellrun, however the submitting process has found it

from cellrun.core.data.in_run.binding import bring_inputs
from cellrun.core.data.in_run.delivery import deliver
from cellrun.core.data.in_run.input_files import note_at_end, note_at_start
from cellrun.core.errors import CellrunError, problem_of
from cellrun.core.layout import RunLayout
from cellrun.core.supervision.preparation import REASON


def main(verb: str, folder: str, *rest: str) -> int:
    """Do one step; return the exit code. What goes wrong is said in its last line."""
    layout = RunLayout(folder)
    try:
        if verb == "bring":
            bring_inputs(layout, _tell)
        elif verb == "deliver":
            deliver(layout, _tell)
        else:
            os.nice(19)
            (note_at_end if rest else note_at_start)(layout)
    except CellrunError as error:
        _tell(REASON + " ".join(str(error).split("\n")))
        return 1
    except OSError as error:
        _tell(REASON + problem_of(error))
        return 1
    return 0


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # its output is the log


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
