"""Why a run failed, in the few words that stand first in its view, and what to do next about it."""

from __future__ import annotations

import re
from typing import NamedTuple

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

# A frame of a traceback: `Cell In[7], line 4, in train` of a notebook's cell, `File "train.py", line 4, in train` else.
_FRAME = re.compile(
    r'^\s*(?:(?P<cell>Cell In\s?\[\d+\])|File "(?P<file>[^"]+)"), line (?P<line>\d+)(?:,? in (?P<function>\S+))?'
)
_BACKWARDS = "(most recent call first)"  # faulthandler's, of an interpreter that a signal ended
_LIBRARY = re.compile(r"[/\\](?:site-packages|dist-packages|lib[/\\]python\d[^/\\]*|cellrun[/\\]core)[/\\]|^<frozen ")


class Failure(NamedTuple):
    """`message` names the error, or else the reason; `where` is the user's last frame, `exit` how the process ended.

    `next` is a sentence about what to do.
    """

    message: str
    where: str
    exit: str
    next: str

    @classmethod
    def of(cls, status: StatusRecord, record: RunRecord) -> Failure:
        """Read it from the status and the record of a Failed run."""
        step = next_step(status, record)
        reason = status.reason or "no reason was recorded"
        tail, error = (str(status.fields.get(name) or "") for name in ("traceback_tail", "last_line"))
        if not (tail and error and error in reason):  # a traceback of an error that the run survived is no reason
            return cls(reason, "", "", step)
        before, _, after = reason.partition(error)
        return cls(error, _where(tail), f"{before.rstrip(': ')} {after.strip()}".strip(), step)


def next_step(status: StatusRecord, record: RunRecord) -> str:
    """Return what to do next about a Failed run."""
    reason = status.reason or ""
    # Of somebody else's run a name may be anything, and with it the code that is offered for a new cell.
    rows = _ROWS.get(record.kind, _OF_SUBMITTED) if is_plain(record.name) else _OF_SUBMITTED
    sentence = next(sentence for pattern, sentence in rows if re.search(pattern, reason))
    return sentence.replace("{run}", record.name)


def _where(tail: str) -> str:
    """Return where the user's own code stood last, as its traceback says it, frames of libraries left out."""
    frames = [found for line in tail.splitlines() if (found := _FRAME.match(line))]
    own = [frame for frame in frames if frame["cell"] or not _LIBRARY.search(frame["file"])]
    if not own:
        return ""
    last = own[0] if _BACKWARDS in tail else own[-1]
    place = last["cell"] or last["file"].rsplit("/", 1)[-1]
    at = f"{place}, line {last['line']}"
    function = last["function"] or "<module>"
    return at if function == "<module>" else f"{at}, in {function}"
