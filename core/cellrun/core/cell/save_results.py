"""Saves what a submitted cell gives back once it has completed. What can't be kept is said, and fails nothing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, NamedTuple

from cellrun.core.context.manifest import CONTEXT_FILE, Context
from cellrun.core.context.pickles.references import is_own_code
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import CellrunError
from cellrun.core.layout import RunLayout


class _Cell(NamedTuple):
    context: Context
    namespace: dict[str, Any]
    captured: Mapping[str, object]
    """The functions and classes that it got from the notebook."""
    key: bytes | None
    """Its user's, read before the cell could change where that is looked for."""


@contextmanager
def saving_results(layout: RunLayout, context: Context, namespace: dict[str, Any]) -> Iterator[None]:
    """Save the values of the names that a cell gives back after this block, which runs it, unless it fails.

    `namespace` is the cell's own, with what it was captured with.
    """
    captured = {name: value for name, value in namespace.items() if is_own_code(value, namespace)}
    cell, process = _Cell(context, namespace, captured, _key()), os.getpid()
    try:
        yield
    except SystemExit as error:
        if error.code in {None, 0} and os.getpid() == process:  # not in a child that the cell forked
            _give_back(layout, cell)
        raise
    if os.getpid() == process:
        _give_back(layout, cell)


def _key() -> bytes | None:
    from cellrun.core.context.signature import signing_key  # noqa: PLC0415  # few cells give anything back

    with suppress(CellrunError, OSError):  # said where it is needed
        return signing_key()
    return None


def _give_back(layout: RunLayout, cell: _Cell) -> None:
    try:
        results, left_behind = _save(layout, cell)
    except Exception as error:  # noqa: BLE001  # a full disk, no key, or whatever the types of the user's values raise
        _say(layout, f"the results ({', '.join(cell.context.returns)}) aren't kept: {type(error).__name__}: {error}")
        return
    for need in results.needs:
        if not need.how:
            _say(layout, f"result {need.name!r} isn't kept: {need.note}")
    for name, size in left_behind.items():
        _say(
            layout,
            f"{name!r} ({size:,} bytes), which a function that comes back reads, doesn't: name it in --return too",
        )


def _save(layout: RunLayout, cell: _Cell) -> tuple[Context, Mapping[str, int]]:
    """Save the results; return their account, and the size of what functions read and stays behind."""
    from cellrun.core.context.results.packer import ResultPacker  # noqa: PLC0415  # a cell starts without what this loads
    from cellrun.core.context.signature import sign  # noqa: PLC0415  # as above
    from cellrun.core.store.changes import using_values  # noqa: PLC0415  # as above

    packer = ResultPacker(cell.context, cell.namespace, cell.captured)
    draft = layout.results.with_name(f".{layout.results.name}-{os.getpid()}")
    try:
        with using_values(layout.workspace):
            results = replace(packer.pack(ValueStore(layout.workspace.values)), run=layout.run_id)
            results.write(draft)
            sign(draft / CONTEXT_FILE, key=cell.key)
            draft.rename(layout.results)
    except BaseException:  # Ctrl-C as well: half of them must not stay
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return results, packer.left_behind


def _say(layout: RunLayout, text: str) -> None:
    from cellrun.core.store.notes import add_note  # noqa: PLC0415  # as above

    print(f"cellrun: {text}", file=sys.stderr, flush=True)  # noqa: T201  # the run's log
    add_note(layout, text)
