"""What a cell needs from its notebook: told, checked and packed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cellrun.core.context.account import KINDS
from cellrun.core.context.manifest import Context, Need, python_version
from cellrun.core.context.pickles.pickling import Store
from cellrun.core.context.value_store import SHA256, ValueStore
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.magics.capture.carrier import Carrier, Refusal
from cellrun.magics.capture.cell import CapturedCell
from cellrun.magics.capture.choices import unknown_words, unneeded_words
from cellrun.magics.capture.search import Search, carriers_of
from cellrun.magics.capture.sent_before import HashingStore, SentBefore


class Capture:
    """A cell with what it needs, as its notebook is now; `carriers` are those of every capture unless others are given.

    Responsibilities: gather what the carriers refuse and note; the account; write it all.
    """

    def __init__(self, cell: CapturedCell, carriers: Sequence[Carrier] | None = None) -> None:
        self._cell = cell
        self._carriers = carriers_of(cell) if carriers is None else carriers
        self._unknown = Search(cell, self._carriers).unknown

    def mistakes(self) -> list[str]:
        """Return what of the user's choices means nothing here."""
        unused = self._cell.left_out.unused()
        travelling = [need.name for need in self.account()] if unused else []
        return [
            *(unknown_words(name, self._cell.notebook) for name in self._unknown),
            *(unneeded_words(name, travelling) for name in unused),
        ]

    def refusals(self, values_folder: Path) -> list[Refusal]:
        """Return every reason why the cell can't be submitted; its values would be kept below `values_folder`."""
        return [refusal for carrier in self._carriers for refusal in carrier.check(values_folder)]

    def notes(self) -> list[str]:
        """Return what is worth saying about a cell that can be submitted."""
        return list(dict.fromkeys(note for carrier in self._carriers for note in carrier.notes()))

    @property
    def pickles_like(self) -> str:
        """The kind of hash by which its job knows the pickles: another Python may have none of our packages."""
        return "" if self._cell.destination.is_own else SHA256

    def pack(self, layout: RunLayout, title: str, store: ValueStore) -> None:
        """Write what the cell needs into a run folder that is being built, and the values into a store.

        The cell itself is in the snapshot already; `title` is that of the notebook's cell.
        """
        for carrier in self._carriers:
            carrier.copy_to(layout.snapshot)
        context = self._packed(store)
        needs = self._sent_before(layout.workspace).noted(self.account(), context.groups)
        replace(context, title=title, needs=tuple(needs)).write(layout.context)

    def account(self) -> list[Need]:
        """Return all that travels, one line each; a local module and the name for it are one."""
        return _merged([need for carrier in self._carriers for need in carrier.account()])

    def account_against(self, workspace: WorkspaceLayout) -> list[Need]:
        """Return the account as a run of that workspace would have it: nothing is written."""
        context = self._packed(HashingStore(pickles_like=self.pickles_like))
        return self._sent_before(workspace).noted(self.account(), context.groups)

    def _packed(self, store: Store) -> Context:
        context = Context(
            python=python_version(),
            title="",
            shell=self._cell.notebook.shell_class,
            returns=self._cell.choices.returned,
        )
        for carrier in self._carriers:
            context = carrier.pack(context, store)
        return context

    def _sent_before(self, workspace: WorkspaceLayout) -> SentBefore:
        return SentBefore(workspace, self._cell.place.name)


def _merged(needs: Sequence[Need]) -> list[Need]:
    """Return the lines of an account, names first; a local module and the notebook's name for it have one, not two."""
    modules = {need.name for need in needs if need.kind == "module"}
    names = {need.name: need for need in needs if _is_module_itself(need) and need.name in modules}
    kept = [need for need in needs if need is not names.get(need.name)]
    lines = [
        replace(need, place=names[need.name].place) if need.kind == "module" and need.name in names else need
        for need in kept
    ]
    order = list(KINDS)
    return sorted(lines, key=lambda need: order.index(need.kind))


def _is_module_itself(need: Need) -> bool:
    return need.kind == "import" and need.what.partition(" ")[0] == need.name
