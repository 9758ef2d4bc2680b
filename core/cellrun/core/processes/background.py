"""Starts a program of ours that outlives whoever starts it: a private server, the keeper."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cellrun.core import places
from cellrun.core.identity import ProcessIdentity

# A shell that ends at once: the program is nobody's child, and neither Ctrl-C nor a kernel's restart is for it.
_SHELL = 'said=$1; shift; "$@" </dev/null >"$said" 2>&1 & echo $!'


def start_in_background(
    module: str, arguments: Sequence[str], handed: Sequence[int], said: Path, environment: Mapping[str, str]
) -> ProcessIdentity:
    """Start a module by this Python with open descriptors, whose numbers are its first arguments.

    What it prints goes to the file `said`, which is for this user alone. Raises OSError, subprocess.SubprocessError and
    ValueError where it can't be started.
    """
    said.touch(mode=0o600)
    program = [sys.executable, "-m", module, *map(str, handed), *arguments]
    started = subprocess.run(
        ["/bin/sh", "-c", _SHELL, "sh", os.fspath(said), *program],
        env=environment,
        cwd=places.home(),  # what lies in the current folder is none of its modules
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        pass_fds=handed,
        check=True,
    )
    return ProcessIdentity.of(int(started.stdout))
