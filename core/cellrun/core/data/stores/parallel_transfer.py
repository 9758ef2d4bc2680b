"""Many files at once: carried by several threads, counted for a bar, stopped by an error or Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple, TypeAlias

_AT_ONCE = 16
_SHOW_S = 0.1
_STOP_S = 5.0


class Progress(NamedTuple):
    """How far a transfer is."""

    done_bytes: int
    total_bytes: int
    done_files: int
    total_files: int


Show: TypeAlias = Callable[[Progress], None]
Report: TypeAlias = Callable[[int], None]
"""Told how many bytes more went. It raises where the transfer is to stop."""


class Piece(NamedTuple):
    """One file to be carried."""

    size: int
    carry: Callable[[Report], Any]


class Stopped(BaseException):
    """Ends what a thread carries: somebody else's failed, or Ctrl-C. No package that is in between may catch it."""


def carry_all(pieces: Sequence[Piece], show: Show | None = None) -> int:
    """Carry files, the largest first, and return how many went; `show` is called by this thread, ten times a second.

    Raises what the first of them raised. A file that is on its way then, or at Ctrl-C, is stopped; one whose store
    doesn't answer is left to itself after five seconds.
    """
    tally = _Tally(pieces)
    threads = [
        threading.Thread(target=tally.work, daemon=True, name=f"transfer {n}")
        for n in range(min(_AT_ONCE, len(pieces)))
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and not tally.is_stopped.is_set():
                thread.join(_SHOW_S)
                if show:
                    show(tally.progress())
    finally:
        if tally.is_stopped.is_set() or any(thread.is_alive() for thread in threads):
            tally.is_stopped.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join(_STOP_S / len(threads))
    if tally.error:
        raise tally.error
    if show:
        show(tally.progress())
    return tally.done_files


class _Tally:
    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.is_stopped = threading.Event()
        self.error: Exception | None = None
        self.done_files = 0
        self._left = iter(sorted(pieces, key=lambda piece: -piece.size))
        self._lock = threading.Lock()
        self._total_files, self._total_bytes = len(pieces), sum(piece.size for piece in pieces)
        self._done_bytes = 0

    def progress(self) -> Progress:
        return Progress(self._done_bytes, self._total_bytes, self.done_files, self._total_files)

    def work(self) -> None:
        """Carry one after the other, as each thread does."""
        while not self.is_stopped.is_set():
            with self._lock:
                piece = next(self._left, None)
            if piece is None:
                return
            try:
                with self._counted(piece.size) as report:
                    piece.carry(report)
            except Stopped:
                return
            except Exception as error:  # noqa: BLE001  # raised by whoever waits for all
                with self._lock:
                    self.error = self.error or error
                self.is_stopped.set()
                return

    @contextmanager
    def _counted(self, size: int) -> Iterator[Report]:
        """Count the bytes of one file: never more than it has, all of them when it is done."""
        told = 0

        def report(more: int) -> None:
            nonlocal told
            if self.is_stopped.is_set():
                raise Stopped
            counted = min(told + more, size) - told
            told += counted
            with self._lock:
                self._done_bytes += counted

        yield report
        with self._lock:
            self._done_bytes += size - told
            self.done_files += 1


@contextmanager
def bar(words: str, *, is_shown: bool) -> Iterator[Show | None]:
    """Show a bar of bytes, in a notebook or a terminal, while the block goes on; none where tqdm isn't installed."""
    if not is_shown or not find_spec("tqdm"):
        yield None
        return
    from tqdm.auto import tqdm  # type: ignore[import-untyped]  # noqa: PLC0415  # not every transfer is shown

    with tqdm(desc=words, unit="B", unit_scale=True, total=0, leave=True) as shown:

        def show(progress: Progress) -> None:
            if shown.total != progress.total_bytes:
                shown.reset(total=progress.total_bytes)
            shown.set_postfix_str(f"{progress.done_files:,}/{progress.total_files:,} files", refresh=False)
            shown.update(progress.done_bytes - shown.n)

        yield show
