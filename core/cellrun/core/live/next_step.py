"""What to do next about a run that failed: a few sentences, chosen by what is known of its end."""

from __future__ import annotations

import re

from cellrun.core.names import is_plain
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import StatusRecord

_OF_INTERACTIVE = (
    (r"^the kernel went away", "Start the kernel and run the notebook's cells again."),
    (
        r" ended without complete\(\)$",
        "End the run in the script: `with experiment.start_logging() as run:` does so however its block ends.",
    ),
    (r"", "Change the cell and run it again."),
)
_OF_SUBMITTED = (
    (
        r"^killed by signal 9 |disappeared$",  # where memory is short the system may kill both
        "Something outside ended it, often for want of memory: let it need less, or Run again if that was chance.",
    ),
    (
        r"^killed by signal |^exit status unknown",
        "The end of the log may tell where it stood. Run again starts the same code once more.",
    ),
    (r"^stopped after .* \(max_run_duration_seconds", "Submit it with more time (--timeout), or let it do less."),
    (r"^cannot start ", "Give a program or an interpreter that is there, and submit it anew."),
    (
        r"^machine restarted|^its supervisor was killed|^the process .*went away|^its place in|^could not start",
        "The code isn't the cause: Run again starts it once more.",
    ),
    (r"\(command not found\)", "Is the program's name right, and is it on the PATH of the run?"),
    (
        r"\((?:NumPy|pandas|scikit-learn) [\d.]+ removed it",
        "A newer version of the library has removed this name: take an older one, or change the code.",
    ),
    (r"ModuleNotFoundError: ", "Install the package in the environment that runs the code, then Run again."),
    (r"No space left on device|Disk quota exceeded", "Free some space on the disk, then Run again."),
    (r"MemoryError|out of memory", "Let it need less memory, such as by a smaller batch, and submit it anew."),
    (r"", "Change the code and submit it anew. Run again runs the same code once more."),
)
_OF_CELL = (
    *_OF_SUBMITTED[:-1],
    (r"", "Debug it here: `%load_run {run}`. Run again runs the same code once more."),
)
"""What a reason looks like, and the sentence; the first that fits counts. Views have a button "Run again"."""

_ROWS = {"interactive": _OF_INTERACTIVE, "cell": _OF_CELL}
SENTENCES = tuple(dict.fromkeys(sentence for _, sentence in (*_OF_INTERACTIVE, *_OF_SUBMITTED, *_OF_CELL)))
"""All that can be said: what a translation has to know. `{run}` stands for the run's name."""


def next_step(status: StatusRecord, record: RunRecord) -> str:
    """Return what to do next about a Failed run."""
    reason = status.reason or ""
    # Of somebody else's run a name may be anything, and with it the code that is offered for a new cell.
    rows = _ROWS.get(record.kind, _OF_SUBMITTED) if is_plain(record.name) else _OF_SUBMITTED
    sentence = next(sentence for pattern, sentence in rows if re.search(pattern, reason))
    return sentence.replace("{run}", record.name)
