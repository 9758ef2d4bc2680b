"""A Slurm's programs for PATH that aren't Slurm's, which do wrong what they are told to; its node is this machine."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROGRAMS = ("sbatch", "squeue", "scancel", "scontrol", "sinfo", "sacct")
_SHIM = '#!/bin/sh\nexec {python} -I -S -c {program} {folder} {name} "$@"\n'
_PROGRAM = "import sys; sys.path.insert(0, {folder!r}); import slurm_program"  # of a script no byte code is kept


class FakeSlurm:
    """The programs, and what they remember: both are below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.bin = folder / "slurm", folder / "shims"
        """For PATH, first of all."""
        (self._folder / "jobs").mkdir(parents=True, exist_ok=True)
        self.bin.mkdir(exist_ok=True)
        program = _PROGRAM.format(folder=str(Path(__file__).parent))
        for name in PROGRAMS:
            words = {"python": sys.executable, "program": program, "folder": self._folder, "name": name}
            shim = self.bin / name
            shim.write_text(_SHIM.format(**{each: shlex.quote(str(word)) for each, word in words.items()}))
            shim.chmod(0o700)

    def goes_wrong(self, program: str, **how: Any) -> None:
        """Have a program do wrong: `hangs`, `says` (with `complains` and `code`), `loses_answer`, `banner`."""
        (self._folder / "faults.json").write_text(json.dumps({program: how}))

    def goes_well(self) -> None:
        """Have all go well again."""
        (self._folder / "faults.json").unlink(missing_ok=True)

    def remove(self, program: str) -> None:
        """Have no such program."""
        (self.bin / program).unlink()

    def hold(self, reason: str) -> None:
        """Let jobs wait from now on, for a reason."""
        (self._folder / "hold").write_text(reason)

    def forget(self, number: int) -> None:
        """Let squeue not know a job."""
        (self._folder / "jobs" / f"{number}.forgotten").touch()

    def keep_accounts(self, *rows: str) -> None:
        """Have sacct tell of jobs: `number|name|state`."""
        (self._folder / "accounts").write_text("".join(f"{row}\n" for row in rows))

    def set_state(self, number: int, state: str, reason: str = "None") -> None:
        """Have squeue say this of a job, however it is with its processes."""
        path = self._folder / "jobs" / f"{number}.json"
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "state": state, "reason": reason}))

    def jobs(self) -> int:
        """Return how many jobs there have been."""
        return len(list((self._folder / "jobs").glob("*.json")))

    def kill(self, number: int) -> None:
        """Kill the first process of a job, as an engine does that loses it."""
        os.kill(int((self._folder / "jobs" / f"{number}.pid").read_text()), 9)

    def called(self, program: str) -> list[Sequence[str]]:
        """Return the arguments of each call of a program."""
        return [call["arguments"] for call in self._calls() if call["program"] == program]

    def environments(self) -> set[str]:
        """Return the names of variables that any of them has seen."""
        return {name for call in self._calls() for name in call["environment"]}

    def script(self, number: int) -> str:
        """Return the batch script of a job."""
        return (self._folder / f"script-{number}").read_text()

    def _calls(self) -> list[dict[str, Any]]:
        path = self._folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
