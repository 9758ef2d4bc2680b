"""The first rows of tables and arrays in files, read by a process of its own: a hostile file ends that one alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from cellrun.server.errors import WrongTypeError

_SCRIPT = Path(__file__).with_name("table_script.py")
TIMEOUT_S = 20.0


def read_tables(file: BinaryIO, ending: str) -> bytes:
    """Return, as JSON, the tables in an open file (`table_script.py` says which). Raises WrongTypeError."""
    command = [sys.executable, "-I", str(_SCRIPT), ending, json.dumps([path for path in sys.path if path])]
    try:
        done = subprocess.run(command, stdin=file, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise _refused(f"reading it took longer than {TIMEOUT_S:.0f} s") from None
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise _refused(last[:300] or f"its reader ended with code {done.returncode}")
    return done.stdout


def _refused(why: str) -> WrongTypeError:
    return WrongTypeError(f"the file can't be shown as a table ({why}); download it, without preview")
