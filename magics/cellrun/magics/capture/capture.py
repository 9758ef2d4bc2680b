"""What a cell needs from its notebook: told, checked and packed."""

from __future__ import annotations

from pathlib import Path, PurePath

from cellrun.core.context.manifest import Context, Need
from cellrun.core.context.reader import python_version
from cellrun.core.context.value_store import SHA256, ValueStore
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.magics.capture.account import merged
from cellrun.magics.capture.another_python.destination import Destination, may_bring_modules
from cellrun.magics.capture.choices import needed_refusal, unknown_words, unneeded_words
from cellrun.magics.capture.found import Refusal
from cellrun.magics.capture.portability import Portability
from cellrun.magics.capture.search import Search
from cellrun.magics.capture.sent_before import HashingStore, SentBefore
from cellrun.magics.capture.source.analysis import Certainty

_MOST_NAMED = 10  # of what a run's folder holds
_OF_PYTHON_2 = frozenset({"basestring", "long", "raw_input", "reload", "unichr", "unicode", "xrange"})


class Capture:
    """What was found for a cell, on its way to a destination; `returned` are the names whose values come back.

    Responsibilities: gather what the carriers refuse and note; the account; write it all.
    """

    def __init__(self, search: Search, destination: Destination, returned: tuple[str, ...] = ()) -> None:
        self._search = search
        self._portability = Portability(search, destination)
        self._has_our_packages = destination.is_own
        self._returned = returned

    def mistakes(self) -> list[str]:
        """Return what of the user's choices means nothing here."""
        unused = self._search.left_out.unused()
        travelling = [need.name for need in self.account()] if unused else []
        return [
            *(unknown_words(name, self._search.notebook) for name in self._search.unknown),
            *(unneeded_words(name, travelling) for name in unused),
        ]

    def refusals(self, values_folder: Path) -> list[Refusal]:
        """Return every reason why the cell can't be submitted; its values would be kept below `values_folder`."""
        missing = [
            Refusal(
                read.name,
                f"name {read.name!r} is not defined ({read.place}): neither the notebook nor the cell gives it a value"
                + (f"; the cell's own run is {self._search.run_name!r}" if read.name == "run" else "")
                + ("; the experiment's name stands before --return" if read.where == "--return" else ""),
            )
            for read in self._search.missing()
            if read.certainty is Certainty.SURE and not self._search.analysis.is_open
        ]
        refused = [refusal for name, refusal in self._search.values.refusals.items() if not self._search.may_lack(name)]
        needed = [
            needed_refusal(name, place, users)
            for name, place in self._search.left_out.places.items()
            if (users := self._search.values.users_of(name))
        ]
        return [
            *missing,
            *refused,
            *needed,
            *self._portability.refusals(),
            *self._search.modules.check(
                self._search.analysis.modules,
                self._search.analysis.attributes,
                may_make=may_bring_modules(self._search.analysis),
            ),
            *self._search.magics.refusals,
            *self._search.shipment.check(self._search.files.cell_folder),
            *self._search.files.refusals(),
            *self._search.values.lacking(self._search.place),
            *self._search.values.check(values_folder),
        ]

    def notes(self) -> list[str]:
        """Return what is worth saying about a cell that can be submitted."""
        notes = [
            f"name {read.name!r} ({read.place}) is not defined; the run fails if it comes there"
            for read in self._search.missing()
            if read.certainty is Certainty.LIKELY
            and not (read.is_branched or self._search.analysis.is_open or read.name in _OF_PYTHON_2)
        ]
        notes += [
            f"{name!r} ({refusal.place}) stays behind, as {self._why_lacking(name)}: {refusal.what}"
            for name, refusal in self._search.values.refusals.items()
            if self._search.may_lack(name) and not self._search.is_distant(name)
        ]
        notes += self._search.values.notes()
        notes += self._search.hidden.notes(filter(self._search.is_distant, self._search.values.refusals))
        notes += [
            f"{name!r} in the cell is the notebook's run {other.name}; the cell's own run is {self._search.run_name!r}"
            for name, other in self._search.other_runs.items()
        ]
        notes += self._search.left_out.notes()
        notes += self._portability.notes()
        if self._search.run_is_else:
            notes.append(
                f"{self._search.run_name!r} in the cell is the notebook's own ({self._search.run_is_else}); "
                "`--as NAME` or Run.get_context() gives the Run"
            )
        notes += [*self._search.modules.notes(), *self._search.attributes.notes()]
        notes += self._search.environment.notes(has_env_file=self._search.files.has_env_file)
        notes += self._listings()
        return list(dict.fromkeys([*notes, *self._search.files.notes(), *self._search.state.notes()]))

    def _listings(self) -> list[str]:
        """Return what to say of code that lists the notebook's folder, as the run's holds less."""
        if not self._search.listed:
            return []
        shipment = self._search.shipment
        paths = (*shipment.paths("file"), *shipment.paths("module"), *self._search.files.pack())
        tops = sorted({path.partition("/")[0] for path in paths} - {".."})
        more = f", and {len(tops) - _MOST_NAMED} more" if len(tops) > _MOST_NAMED else ""
        holds = f"what was captured: {', '.join(tops[:_MOST_NAMED]) or 'nothing'}{more}"
        place = self._search.listed[0].place
        note = f"the notebook's folder is listed ({place}), but the run's folder holds only {holds}"
        return [f"{note}; and cell.py, outputs, logs; `--with FILE` takes more along"]

    def _why_lacking(self, name: str) -> str:
        uncalled = self._search.uncalled(name)
        return f"nothing seems to call {', '.join(uncalled)}" if uncalled else "the cell may give it a value itself"

    @property
    def pickles_like(self) -> str:
        """The kind of hash by which its job knows the pickles: another Python may have none of our packages."""
        return "" if self._has_our_packages else SHA256

    def pack(self, layout: RunLayout, title: str, store: ValueStore) -> None:
        """Write what the cell needs into a run folder that is being built, and the values into a store.

        The cell itself is in the snapshot already; `title` is that of the notebook's cell.
        """
        folder = self._search.files.cell_folder
        self._search.shipment.pack(layout.snapshot, folder)
        self._portability.leave_to_source()
        groups = tuple(self._search.values.pack(store))
        Context(
            python=python_version(),
            title=title,
            # IPython.display prints otherwise where no shell is.
            needs_ipython=self._search.needs.needs_ipython
            or (self._search.modules.needs("IPython") and not self._portability.is_missing("IPython")),
            shell=self._search.notebook.shell_class,
            run_name=self._search.run_name if self._search.is_run_used() else "",
            imports=tuple(self._search.modules.pack(self._search.analysis.modules, self._search.analysis.attributes)),
            groups=groups,
            sources=self._search.code.pack(),
            definitions=self._search.code.definitions(),
            links=self._search.files.pack(),
            copies=self._search.files.copies(),
            folder="" if folder == PurePath() else str(folder),
            path=self._search.state.path,
            state=self._search.state.pack(store),
            needs=tuple(self._sent_before(layout.workspace).noted(self.account(), groups)),
            returns=self._returned,
        ).write(layout.context)

    def account(self) -> list[Need]:
        """Return all that travels, one line each; a local module and the name for it are one."""
        carriers = (
            self._search.values,
            self._search.modules,
            self._search.shipment,
            self._search.files,
            self._search.state,
            self._search.environment,
        )
        return merged([need for carrier in carriers for need in carrier.account()])

    def account_against(self, workspace: WorkspaceLayout) -> list[Need]:
        """Return the account as a run of that workspace would have it: nothing is written."""
        store = HashingStore(pickles_like=self.pickles_like)
        return self._sent_before(workspace).noted(self.account(), self._search.values.pack(store))

    def _sent_before(self, workspace: WorkspaceLayout) -> SentBefore:
        return SentBefore(workspace, self._search.place.name)
