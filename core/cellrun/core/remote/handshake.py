"""The handshake with a remote agent: past a login shell's banner, with the library if it lacks that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core.environments import library_folder
from cellrun.core.environments.job_library import LibraryArchive
from cellrun.core.errors import ComputeTargetException
from cellrun.core.remote.command import first_words
from cellrun.core.remote.messages import banner_words, no_python, refused
from cellrun.core.remote.pipes import PipeEndError, Pipes
from cellrun.core.remote.protocol import MARKER, MOST_ANSWER_BYTES, Message, facts_of

MOST_BANNER_BYTES = 64 << 10
_LIBRARY_S = 600.0  # 0.6 MB, over the slowest line that is worth it


class LinkError(ComputeTargetException):
    """The other end is gone, or doesn't answer: nobody knows whether the last order was carried out.

    `last_words` is what the program on the way there (ssh) said last, `exit_code` how it ended (None: it hasn't).
    """

    def __init__(self, text: str, *, last_words: str = "", exit_code: int | None = None) -> None:
        self.last_words = last_words
        self.exit_code = exit_code
        super().__init__(text)


class Handshake:
    """The beginning of one agent: what it is told first and what it must answer. `name` is what people call it."""

    def __init__(self, name: str, pipes: Pipes) -> None:
        self._name = name
        self._pipes = pipes

    def begin(self, library: LibraryArchive, python: str, folder: str, deadline: float) -> Mapping[str, Any]:
        """Return what the Python there told of itself, once the agent is ready for orders.

        Raises LinkError in words, TimeoutError, PipeEndError, ValueError.
        """
        maker = Path(library_folder.__file__).read_bytes()
        wanted = b"%b%d\n%b" % (Message({"library": library.name}).encoded(), len(maker), maker)
        with suppress(PipeEndError):  # who doesn't read may have said why
            self._pipes.write(first_words(python, folder, wanted), deadline)
        told = self._after_banner(deadline)
        if not told.startswith(b"{"):
            version = told.partition(b" ")[2].decode("utf-8", "replace").strip()
            self._pipes.end()  # its last words may be on their way
            words = no_python(self._name, python, version, self._pipes.last_words)
            raise LinkError(words, last_words=self._pipes.last_words)
        facts, _ = facts_of(told)
        self._refuse(facts)
        if not facts["has"]:
            deadline = time.monotonic() + _LIBRARY_S
            self._pipes.write(b"%d\n%b" % (len(library.data), library.data), deadline)
            self._refuse(facts_of(self._pipes.line(deadline, MOST_ANSWER_BYTES))[0])
        return facts

    def _refuse(self, facts: Mapping[str, Any]) -> None:
        if "error" in facts:
            raise LinkError(refused(self._name, facts))

    def _after_banner(self, deadline: float) -> bytes:
        """Return what follows our marker in its line; what a login shell prints before is skipped."""
        banner = b""
        while True:
            try:
                line = self._pipes.line(deadline, MOST_BANNER_BYTES)
            except ValueError:
                banner += self._pipes.rest()
            except (PipeEndError, TimeoutError):
                banner += self._pipes.rest()
                if not banner.strip():
                    raise
                words = banner_words(self._name, banner, is_long=False)
                raise LinkError(words, last_words=self._pipes.last_words, exit_code=self._pipes.end()) from None
            else:
                before, is_ours, told = line.partition(MARKER)
                if is_ours:
                    return told
                banner += before
            if len(banner) > MOST_BANNER_BYTES:
                raise LinkError(banner_words(self._name, banner, is_long=True))
