"""A program `ssh` that leads to a machine which is this one: with a home of its own there, and another Python."""

import json
import os
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.core.remote.library import give_library
from tests.core.submitted_runs import wait_for

_SHIM = """\
#!/bin/sh
# What a session of sshd is: nothing of this side's environment, the other side's home, a shell that gets a text.
there={there}
[ "$1" != -V ] || exec /usr/bin/ssh -V
while [ "$1" != -- ]; do shift; done
printf '%s\\n' "$2" >> "$there/called"
if [ -e "$there/silent" ]; then rm "$there/silent"; exit 255; fi
if [ -s "$there/trouble" ]; then cat "$there/trouble" >&2; exit 255; fi
echo $$ >> "$there/sessions"
cd "$there/home"
exec env -i HOME="$there/home" PATH={path} LANG=C.UTF-8 CELLRUN_GRACE_S=0.5 sh -c "$3"
"""


class SshShim:
    """The program, and the machine that it leads to: both are below a folder."""

    def __init__(self, folder: Path, path: str = "/usr/bin:/bin") -> None:
        """`path` is PATH there."""
        self._there = folder / "machine"
        self.home = self._there / "home"
        self.bin = folder / "shims"
        """For PATH, first of all."""
        for each in (self.home, self.bin):
            each.mkdir(parents=True, exist_ok=True)
        if not self.cellrun_home.exists():
            give_library(self.cellrun_home)
        program = self.bin / "ssh"
        program.write_text(_SHIM.format(there=shlex.quote(str(self._there)), path=shlex.quote(path)))
        program.chmod(0o700)

    @property
    def cellrun_home(self) -> Path:
        """CELLRUN_HOME there."""
        return self.home / ".local/share/cellrun"

    def called(self) -> list[str]:
        """Return the hosts that were called, one for each session."""
        with suppress(FileNotFoundError):
            return (self._there / "called").read_text().splitlines()
        return []

    def processes_of(self, run_id: str) -> list[dict[str, Any]]:
        """Return the identities of a run's supervisor and job there."""
        found = self.cellrun_home.glob(f"remote/*/runs/{run_id}/process.json")
        return [each for path in found for each in json.loads(path.read_bytes()).values()]

    def end_next_silently(self) -> None:
        """End the next session at once, without a word: as where the connection that sessions share has just gone."""
        (self._there / "silent").touch()

    def break_sessions(self) -> None:
        """End all sessions, as when the line is cut, and return when they have ended."""
        with suppress(FileNotFoundError):
            ended = [int(pid) for pid in (self._there / "sessions").read_text().split() if self._is_session(pid)]
            for pid in ended:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not any(map(self._is_session, ended)), "the end of the sessions")
            (self._there / "sessions").unlink()

    def _is_session(self, pid: int | str) -> bool:
        try:  # of one that has ended, and that nobody waited for yet, it is empty
            return f"HOME={self.home}" in Path(f"/proc/{pid}/environ").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False

    @contextmanager
    def trouble(self, words: str) -> Iterator[None]:
        """Have ssh say this and fail, and be cut."""
        (self._there / "trouble").write_text(words)
        self.break_sessions()
        try:
            yield
        finally:
            (self._there / "trouble").unlink()
