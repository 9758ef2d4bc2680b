"""Files that are being written, named by who writes them: what a killed process left is told from what goes on.

Standard library only: jobs of any Python write values.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

from cellrun.core.identity import ProcessIdentity, start_ticks

DRAFT = ".new-"
"""How the name of a draft begins."""
_NAME = re.compile(rf"{re.escape(DRAFT)}([0-9a-f]{{16}})-(\d+)-(\d+)-[0-9a-f]+", re.ASCII)
_ELSEWHERE_S = 86_400.0
_OF_RUN = re.compile(
    r"\.{1,2}(?:(?:completion|launch|process|target)\.json\.[0-9a-f.]+|environment\.json\.(?P<pid>[0-9]+))", re.ASCII
)


def draft_name() -> str:
    """Return a new name for a file that this process is about to write."""
    me = ProcessIdentity.current()
    return f"{DRAFT}{_machine(me)}-{me.pid}-{me.started}-{os.urandom(4).hex()}"


def is_abandoned(draft: Path) -> bool:
    """Whether nobody goes on with a draft.

    Its process is dead; or it isn't one of those that can be seen from here (another host, another start of the
    machine, an earlier cellrun), and nothing was written into the draft for a day.
    """
    me = ProcessIdentity.current()
    found = _NAME.fullmatch(draft.name)
    if found and found[1] == _machine(me):
        return me._replace(pid=int(found[2]), started=int(found[3])).is_proven_dead()
    try:
        return time.time() - draft.lstat().st_mtime > _ELSEWHERE_S
    except FileNotFoundError:
        return False


def drafts_of_run(folder: Path) -> list[Path]:
    """Return the drafts of control files that killed processes have left in the folder of a run that has ended.

    Nobody writes such a file of it any more, but for the recorder of its surroundings, which may go on.
    """
    with suppress(OSError):
        found = [(path, _OF_RUN.fullmatch(path.name)) for path in folder.iterdir()]
        return [path for path, name in found if name and not (name["pid"] and start_ticks(int(name["pid"])))]
    return []


def _machine(identity: ProcessIdentity) -> str:
    """Return what the identities of processes have in common that can see one another."""
    import hashlib  # noqa: PLC0415  # a supervisor has no need of it

    shared = {key: value for key, value in identity.to_json().items() if key not in {"pid", "started"}}
    return hashlib.blake2b(repr(sorted(shared.items())).encode(), digest_size=8).hexdigest()
