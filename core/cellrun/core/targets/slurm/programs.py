"""Slurm's own programs, as far as anything is believed that they say.

None of them is given a line for a shell. What of a user's environment would change what they do is left out.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress

from cellrun.core.errors import ComputeTargetException

TIMEOUT_S = 15.0
_MOST_SHOWN = 500
PLACE = frozenset({"SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_JWT", "KRB5CCNAME"})
"""Variables that say where Slurm is, and what lets its user in."""
_PASSED = PLACE | {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LD_LIBRARY_PATH"}
_ERROR = "error:"


class NoAnswerError(ComputeTargetException):
    """A program that was ended as it didn't answer in time: what it was to do may have been done."""


class SlurmPrograms:
    """Runs them: with a list of arguments, in a plain environment, for so long at most."""

    def ask(self, program: str, *arguments: str, stdin: bytes = b"", timeout_s: float | None = None) -> str:
        """Return what a program prints.

        Raises NoAnswerError after `timeout_s`, 15 if left out; ComputeTargetException if it isn't there, fails, or
        names an error and nothing else though it says that it went well.
        """
        path = shutil.which(program)
        if path is None:
            raise ComputeTargetException(
                f"{program} isn't on PATH here; is this a machine of the cluster? (`module load slurm` may be missing)"
            )
        most_s = TIMEOUT_S if timeout_s is None else timeout_s
        try:
            out, err, code = _run([path, *arguments], stdin, most_s)
        except subprocess.TimeoutExpired as error:
            words = f"{program} didn't answer in {most_s:g} s: Slurm's controller is busy, or can't be reached"
            raise NoAnswerError(words) from error
        except OSError as error:
            raise ComputeTargetException(f"{path} can't be started: {error.strerror}") from error
        if code or (
            _ERROR in err and not out.strip()
        ):  # what is printed besides an answer may be of a second controller
            said = (err.strip() or out.strip())[-_MOST_SHOWN:] or f"it ended with exit code {code} and said nothing"
            raise ComputeTargetException(f"{program}: {said}")
        return out

    def is_there(self, program: str) -> bool:
        """Whether a program is on PATH."""
        return shutil.which(program) is not None


def plain_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment Slurm's programs get: none of the options that variables can hold."""
    return {**{name: value for name, value in environ.items() if name in _PASSED}, "LC_ALL": "C"}


def _run(command: list[str], stdin: bytes, timeout_s: float) -> tuple[str, str, int]:
    """Run a command; whatever it has started ends with it if it takes too long."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=plain_environment(os.environ),
        start_new_session=True,
    ) as running:
        most_s = TIMEOUT_S if timeout_s is None else timeout_s
        try:
            out, err = running.communicate(stdin, most_s)
        except BaseException:  # it took too long, or we are interrupted
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            raise
    return out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), running.returncode
