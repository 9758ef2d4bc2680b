"""What a carrier can do, with a default for each verb that it may leave out, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cellrun.core.context.manifest import Context, Need
from cellrun.core.context.pickles.pickling import Store
from cellrun.magics.capture.found import Found, Refusal
from cellrun.magics.capture.source.analysis import Read


class Carrier:
    """One kind of thing that a cell may need: how it is found, checked, packed and told.

    A search asks all carriers for what they find, until none finds more; then a capture asks them for the rest.
    """

    def find(self, read: Read, value: Any) -> Found | None:
        """Take the value of a name and return what it needs in turn; None leaves it to the carriers that follow.

        Asked again if the name turns out to be needed more surely, or earlier.
        """
        del read, value
        return None

    def find_plainly(self, read: Read, value: Any, error: Exception) -> Found | None:
        """Take a value that doesn't bear being looked at, which raised an error, without looking at it."""
        del read, value, error
        return None

    def follow(self, found: Found) -> Iterable[Found]:
        """Take what something needs of this carrier's kind; iterate over what that needs in turn."""
        del found
        return ()

    def find_once(self) -> Iterable[Found]:
        """Iterate over what is needed besides; asked once, when all that the cell names was followed."""
        return ()

    def find_more(self) -> Iterable[Found]:
        """Iterate over what is needed without being named, and wasn't told before; asked until there is no more."""
        return ()

    def check(self, values_folder: Path) -> Iterable[Refusal]:
        """Iterate over the reasons why the cell can't be submitted; its values would be kept below that folder."""
        del values_folder
        return ()

    def copy_to(self, snapshot: Path) -> None:
        """Copy the files that travel into the folder of the run that becomes its working folder."""

    def pack(self, context: Context, store: Store) -> Context:
        """Write what travels to the store; return the context with what the run needs to know of it."""
        del store
        return context

    def account(self) -> Iterable[Need]:
        """Iterate over what travels, a line each."""
        return ()

    def notes(self) -> Iterable[str]:
        """Iterate over what is worth saying about a cell that can be submitted."""
        return ()
