"""Why a run failed, in the few words that stand first in its view."""

from __future__ import annotations

import re
from typing import NamedTuple

from cellrun.core.live.next_step import next_step
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import StatusRecord

# A frame of a traceback: `Cell In[7], line 4, in train` of a notebook's cell, `File "train.py", line 4, in train` else.
_FRAME = re.compile(
    r'^\s*(?:(?P<cell>Cell In\s?\[\d+\])|File "(?P<file>[^"]+)"), line (?P<line>\d+)(?:, in (?P<function>\S+))?'
)
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


def _where(tail: str) -> str:
    """Return where the user's own code stood last, as its traceback says it, frames of libraries left out."""
    frames = [found for line in tail.splitlines() if (found := _FRAME.match(line))]
    own = [frame for frame in frames if frame["cell"] or not _LIBRARY.search(frame["file"])]
    if not own:
        return ""
    last = own[-1]
    place = last["cell"] or last["file"].rsplit("/", 1)[-1]
    at = f"{place}, line {last['line']}"
    function = last["function"] or "<module>"
    return at if function == "<module>" else f"{at}, in {function}"
