"""Recursion that is deeper than a stack allows: long linked lists and trees, which pickle follows link by link."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_STACK_BYTES = 512 << 20  # of address space: only what is used is memory
_MOST_DEEP = 200_000  # 2.6 kB each; Python 3.12 and newer bound what C code recurses by a limit of their own as well


def deeply(work: Callable[[], _T]) -> _T:
    """Return what `work` returns, or raise what it raises, in a thread that has room for deep recursion."""
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  # raised again below
            errors.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK_BYTES)
    try:
        sys.setrecursionlimit(_MOST_DEEP)
        thread = threading.Thread(target=run, name="cellrun-deep", daemon=True)  # Ctrl-C leaves it
        thread.start()
    finally:
        threading.stack_size(size)
    try:
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    if errors:
        raise errors[0]
    return results[0]
