"""Starts the recorder of a run's surroundings: packages, hardware, uncommitted changes.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cellrun.core.identity import RUN_ID, is_of_a_run
from cellrun.core.layout import RunLayout
from cellrun.core.store.record import RunRecord

# Python keeps no byte code of a script, to compile which takes longer than half of what it does: only of a module.
_PROGRAM = """import gc, sys
gc.disable()  # there is little garbage, and it ends with this process
if "" in sys.path[:1]:
    del sys.path[0]
sys.path.insert(0, sys.argv[1])
import os, recorder_script
recorder_script.main(*sys.argv[2:])
os._exit(0)  # nothing is left to be put in order
"""
# A shell that ends at once: what it leaves in the background is nobody's child, and Ctrl-C isn't for it.
_IN_BACKGROUND = '"$@" </dev/null >/dev/null 2>&1 &'


def start_recorder(layout: RunLayout, interpreter: str, source: str | None, environ: Mapping[str, str]) -> None:
    """Let the run's interpreter record into its folder, behind all other work; nothing happens where it can't.

    `source` is the folder whose repository is looked at, None for none. Returns after some two milliseconds.
    """
    start_beside(recorder_command(layout, interpreter, source), environ)


def recorder_command(layout: RunLayout, interpreter: str, source: str | None) -> list[str]:
    """Return the command that records into a run's folder."""
    return [interpreter, "-c", _PROGRAM, str(Path(__file__).parent), str(layout.folder), source or ""]


def start_beside(command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Start a command that notes something of a run behind all other work; nothing happens where it can't."""
    command = ["/bin/sh", "-c", _IN_BACKGROUND, "sh", *command]
    environment = {name: value for name, value in environ.items() if not is_of_a_run(name)}
    environment[RUN_ID] = ""  # it is of no run, whoever its parent is: it isn't ended with one
    with suppress(OSError):  # no process is to be had, no shell: a run without this record is a run
        os.waitpid(os.posix_spawn(command[0], command, environment), 0)


def source_folder(record: RunRecord) -> str | None:
    """Return the folder that a run's code came from, as far as its record tells."""
    if record.source_directory:
        return record.source_directory
    notebook = (record.cell or {}).get("notebook")
    return str(Path(notebook).parent) if notebook else None
