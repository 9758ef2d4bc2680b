"""Says how far pickling and writing are, if they take long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PATIENCE_S = 1.0


class Progress:
    """A bar that appears once something has taken a second and goes at its end; a count where no total is known."""

    def __init__(self, description: str, total_bytes: int | None = None) -> None:
        self._description = description
        self._total_bytes = total_bytes
        self._done_bytes = 0
        self._began_s = time.monotonic()
        self._bar: Any = None

    def wrote(self, count: int) -> None:
        """Tell how many more bytes are written."""
        self._done_bytes += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._began_s > _PATIENCE_S and self._done_bytes != self._total_bytes:
            from tqdm.auto import tqdm  # type: ignore[import-untyped]  # noqa: PLC0415  # few cells take so long

            self._bar = tqdm(
                desc=self._description,
                total=self._total_bytes,
                initial=self._done_bytes,
                unit="B",
                unit_scale=True,
                leave=False,
                dynamic_ncols=True,
            )

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()


@contextmanager
def progress(description: str, total_bytes: int | None = None) -> Iterator[Progress]:
    """Show how far it is while this block makes so many bytes."""
    shown = Progress(description, total_bytes)
    try:
        yield shown
    finally:
        shown.close()
