"""What a cell's job was ordered to run: what it finds may have been changed by somebody else since it was submitted.

The order is the hash of the run's `signed.json`, by way of the job's command line. It is no secret and needs no key.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cellrun.core.context.manifest import CONTEXT_FILE, Context
from cellrun.core.context.signed_files import SignedFiles, order_of
from cellrun.core.context.value_store import CheckedStore
from cellrun.core.disk.control_file import read_control_file
from cellrun.core.errors import ContextException, DamagedRunError, told
from cellrun.core.layout import RunLayout

_OPTION = "cellrun_signed"  # of `python -X`: an earlier cellrun in the job's Python takes no notice
_VARIABLE = "CELLRUN_RUN_SIGNED"  # for the processes that the cell spawns


def with_order(argv: Sequence[str], order: str) -> tuple[str, ...]:
    """Return the command that starts a cell, with its order in place of the one that an earlier run had."""
    program, *rest = argv
    if len(rest) > 1 and rest[0] == "-X" and rest[1].startswith(f"{_OPTION}="):
        rest = rest[2:]
    return (program, "-X", f"{_OPTION}={order}", *rest)


class OrderedRun:
    """The run that this process is part of, as it was ordered; one whose order says nothing is taken as it is."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._signed: SignedFiles | None = None
        self.values = CheckedStore(layout.workspace.values)
        """The values of the workspace: pickles are what was submitted."""

    def context(self) -> Context:
        """Return the context of its cell. Raises ContextException for one that was changed, or can't be read."""
        folder = self._layout.context
        data = Context.bytes_in(folder)
        self._refuse(self._files().changed(f"{folder.name}/{CONTEXT_FILE}", data))
        return Context.of_bytes(data, folder)

    def check_code(self) -> None:
        """Raise ContextException if the code in the working folder isn't what was submitted. For before it has run."""
        self._refuse(self._files().changed_in(self._layout.work, code_only=True))

    def _files(self) -> SignedFiles:
        if self._signed is None:
            self._signed = self._ordered()
        return self._signed

    def _ordered(self) -> SignedFiles:
        order = str(sys._xoptions.get(_OPTION) or os.environ.get(_VARIABLE, ""))  # noqa: SLF001  # the documented name
        if not order:  # submitted by an earlier cellrun
            return SignedFiles(None)
        os.environ[_VARIABLE] = order
        path = self._layout.signed
        try:
            data = read_control_file(self._layout.folder, path)
        except (OSError, DamagedRunError) as error:
            raise ContextException(f"{path} can't be read: {told(error)}") from error
        if order_of(data) != order:
            self._refuse(f"{path.name} was changed")
        return SignedFiles.of_bytes(data, path)

    def _refuse(self, changed: str) -> None:
        if changed:
            raise ContextException(f"{changed} after the run had been submitted: nothing of it is run")
