"""The machine and the Python where a cell will run: what of the cell's needs it lacks, what it has already."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from cellrun.core.context.manifest import Blob, Context, Definition, Group, Need, python_version
from cellrun.core.environments.building.expected_packages import ExpectedPackages
from cellrun.core.environments.interpreter import Answer, ask, environment_of
from cellrun.core.environments.job_library import is_own
from cellrun.core.errors import ComputeTargetException, ContextException, UserErrorException
from cellrun.core.layout import RunLayout, WorkspaceLayout
from cellrun.core.store.record import RunRecord
from cellrun.core.targets.contract import Capability, ComputeTarget
from cellrun.magics.capture.another_python.remote_python import RemotePython, is_stdlib, packages_by_module
from cellrun.magics.capture.local.local_modules import find_local, is_found_here
from cellrun.magics.capture.refusals import Refusal
from cellrun.magics.capture.source.analysis import Certainty

_BROUGHT_ALONG = frozenset({"__main__", "cellrun", "cloudpickle"})
_MOST_RUNS = 20  # the newest
_WORTH_SAYING_BYTES = 4 << 10


class ModuleNeed(NamedTuple):
    """A module that a run may come to import."""

    name: str
    place: str
    certainty: Certainty


class Verdict(NamedTuple):
    """Why a cell can't run somewhere, and what is worth saying if it can."""

    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()


class Destination:
    """A Python: the one that runs this code, another, one of an environment that is to be built, or one elsewhere.

    `source` is the cell's, in plain Python.

    Responsibilities: which Python it is, what it lacks, what of a cell's source it doesn't understand.
    """

    def __init__(self, there: str | ExpectedPackages | RemotePython | None = None, source: str = "") -> None:
        self._source = source
        self._foreseen = None if isinstance(there, str) else there
        self._interpreter = there if isinstance(there, str) else sys.executable
        self.is_own = there is None or (isinstance(there, str) and is_own(there))
        self._unusable = ""
        self._version: Answer | None = None
        if not self.is_own:
            try:
                self._version = self._ask()
            except UserErrorException as error:
                self._unusable = str(error)

    @property
    def python(self) -> str:
        """The version that byte code belongs to there."""
        return self._version.python if self._version else python_version()

    @property
    def is_another_python(self) -> bool:
        """Whether byte code of this Python means nothing there."""
        return self.python != python_version()

    @property
    def version_text(self) -> str:
        """Its whole version in words: `Python 3.13.5`; empty if it isn't known."""
        if isinstance(self._foreseen, RemotePython):
            return self._foreseen.version_text
        return f"Python {self._version.version_text}" if self._version else ""

    @property
    def loads_byte_code(self) -> bool:
        """Whether byte code of this Python is known to mean the same there."""
        is_known = self._foreseen is None or self._foreseen.is_version_known
        return is_known and not self.is_another_python

    def differences(self, pickled: Iterable[tuple[str, str]]) -> Verdict:
        """Return why values can't be loaded there that name these modules, in these places, and what to say of it."""
        if not isinstance(self._foreseen, RemotePython):
            return Verdict()
        refusals, notes = self._foreseen.differences(pickled)
        return Verdict(tuple(refusals), tuple(notes))

    def check(self, needs: Iterable[ModuleNeed], definitions: Mapping[str, Definition], *, may_bring: bool) -> Verdict:
        """Return what keeps the cell from running there.

        `definitions` are what another Python makes the notebook's functions and classes from; `may_bring` tells that
        the cell may install modules itself, or make them known.
        """
        if self._unusable:
            return Verdict((Refusal("", self._unusable),))
        surest = _surest(needs)
        if self._version is None:
            missing, wrong = self._missing(surest), dict[str, str]()
        else:
            sources = {name: "\n" * (each.line - 1) + each.text for name, each in definitions.items()}
            answer = self._ask(surest, {"": self._source, **sources} if self.is_another_python else {})
            missing, wrong = answer.missing, dict(answer.errors)
        refusals = [self._not_understood(name, why) for name, why in wrong.items()]
        doubtful = []
        for name in sorted(missing):
            if surest[name].certainty is Certainty.SURE and not may_bring:
                refusals.append(self._refusal(surest[name]))
            elif surest[name].certainty is not Certainty.POSSIBLE:
                doubtful.append(f"{name} ({surest[name].place})")
        notes = [*self._unforeseen(surest)]
        if doubtful:
            notes.insert(0, f"not installed in {self._words}: {', '.join(doubtful)}; the run fails if it needs that")
        return Verdict(tuple(refusals), tuple(notes), missing)

    def _ask(self, modules: Collection[str] = (), sources: Mapping[str, str] | None = None) -> Answer:
        return self._foreseen.ask(modules, sources) if self._foreseen else ask(self._interpreter, modules, sources)

    def _unforeseen(self, needs: Mapping[str, ModuleNeed]) -> Iterator[str]:
        """Say what of an environment that isn't built yet can't be told: nothing of it is refused."""
        if self._foreseen is None:
            return
        is_asked = any(need.certainty is not Certainty.POSSIBLE and not is_stdlib(name) for name, need in needs.items())
        if self._foreseen.not_known and is_asked:
            yield self._foreseen.not_known
        places = [
            f"{name} ({needs[name].place})"
            for name in sorted(self._foreseen.doubtful(needs))
            if needs[name].certainty is not Certainty.POSSIBLE
        ]
        if places:
            what = ", ".join(places)
            words = self._foreseen.words
            yield f"not among the packages of {words}: {what}; the run fails unless one of them brings it"

    @property
    def _words(self) -> str:
        if self._foreseen:
            return self._foreseen.words
        version = self._version.version_text if self._version else ".".join(map(str, sys.version_info[:3]))
        return f"{environment_of(self._interpreter)} (Python {version})"

    def _missing(self, needs: Mapping[str, ModuleNeed]) -> frozenset[str]:
        """Return the modules that this Python itself doesn't find."""
        return frozenset(name for name in needs if name not in sys.modules and not is_found_here(name))

    def _refusal(self, need: ModuleNeed) -> Refusal:
        top = need.name.partition(".")[0]
        if is_stdlib(top):
            what = f"module {need.name!r} isn't in {self._words}, the notebook's Python {python_version()} has it"
            return Refusal(need.name, what, need.place, f"Give an environment with Python {python_version()}")
        what = f"module {need.name!r} isn't installed in {self._words}"
        packages = packages_by_module().get(top)
        if packages:
            package, it = packages[0], "it"
        elif is_found_here(top):
            return Refusal(need.name, what, need.place)
        else:
            what += ", and the notebook can't import it either"
            package, it = "PACKAGE", "the package that has it"  # the module's own name is a stranger's, perhaps
        if self._foreseen:
            return Refusal(need.name, what, need.place, self._foreseen.advice(package))
        pip = "%pip" if self.is_own else f"{self._interpreter} -m pip"
        return Refusal(need.name, what, need.place, f"Install {it}: {pip} install {package}")

    def _not_understood(self, name: str, why: str) -> Refusal:
        what = f"{repr(name) if name else 'the cell'} is no Python to {self._words}: {why}"
        return Refusal(name, what, remedy=f"Give an environment with Python {python_version()}")


class Place:
    """The machine that a run will be on: ours, or that of a target."""

    def __init__(self, target: ComputeTarget | None = None) -> None:
        self._target = target
        self.is_here = target is None or Capability.SHARES_FILES in target.capabilities
        """Whether the run finds all files of this machine, or those of its shared folders, by their paths."""
        self.inherits = target is None or Capability.SHARES_PROCESSES in target.capabilities
        """Whether it inherits the notebook's environment variables."""

    def __str__(self) -> str:
        return f"target {self._target.name!r}" if self._target else "this machine"

    @property
    def machine(self) -> str:
        """The target's name if its runs aren't on this machine, else empty."""
        return self._target.name if self._target and not self.inherits else ""

    @property
    def name(self) -> str:
        """The target's name; empty for this machine, and where its files are found anyway."""
        return self._target.name if self._target and not self.is_here else ""

    def finds(self, path: Path) -> bool:
        """Whether the run finds the same file or folder by the same path."""
        return self.is_here or any(path.is_relative_to(folder) for folder in self._shared_folders)

    @cached_property
    def _shared_folders(self) -> tuple[str, ...]:
        with suppress(ComputeTargetException):  # it doesn't answer: nothing is known to be shared
            return tuple(self._target.shared_folders()) if self._target else ()
        return ()


class SentBefore:
    """The values of a workspace's newest runs: of those on a target of that name alone, as another has others."""

    def __init__(self, workspace: WorkspaceLayout, target: str = "") -> None:
        self._workspace = workspace
        self._target = target

    def noted(self, needs: Sequence[Need], groups: Iterable[Group]) -> list[Need]:
        """Return the account with a note at each value that one of these runs has, if it is worth saying."""
        found = {need.name: need for need in needs if need.kind == "value" and need.bytes >= _WORTH_SAYING_BYTES}
        wanted = [group for group in groups if not found.keys().isdisjoint(group.names)]
        notes = dict(self._notes(wanted))
        said = found.keys() & notes.keys()
        return [replace(need, note=notes[need.name]) if need.name in said else need for need in needs]

    def _notes(self, wanted: list[Group]) -> Iterator[tuple[str, str]]:
        for layout in self._newest() if wanted else ():
            try:
                known = {_content(group) for group in Context.read(layout.context).groups}
                record = RunRecord.read(layout)
            except (
                ContextException,
                OSError,
                ValueError,
                KeyError,
                TypeError,
            ):  # a script's; gone or damaged meanwhile
                continue
            if self._target not in {"", record.target}:
                continue
            for group in [each for each in wanted if _content(each) in known]:
                wanted.remove(group)
                yield from ((name, f"same as {record.name}: not sent again") for name in group.names)
            if not wanted:
                return

    def _newest(self) -> list[RunLayout]:
        try:
            names = os.listdir(self._workspace.runs)  # noqa: PTH208  # names alone: there may be 100,000
        except FileNotFoundError:
            return []
        ids = sorted((name for name in names if _made_at(name)), key=_made_at, reverse=True)
        return [self._workspace.run(run_id) for run_id in ids[:_MOST_RUNS]]


def _surest(needs: Iterable[ModuleNeed]) -> dict[str, ModuleNeed]:
    """Return the modules to look for, each with its surest need: not captured ones, nor those of every Python."""
    surest: dict[str, ModuleNeed] = {}
    for need in needs:
        top = need.name.partition(".")[0]
        is_of_python = is_stdlib(top)
        if top in _BROUGHT_ALONG or (is_of_python and top.startswith("_")) or find_local(top):
            continue
        name = need.name if is_of_python else top  # to look for a submodule of others would import them
        surest[name] = max(surest.get(name, need), need, key=lambda each: each.certainty)._replace(name=name)
    return surest


def is_sent_before(need: Need) -> bool:
    """Whether an earlier run has it, as `noted` says."""
    return need.note.startswith("same as ")


def _content(group: Group) -> tuple[Blob, ...]:
    return (group.payload, *group.buffers)


def _made_at(run_id: str) -> int:
    """Return the time in a run's id, `<slug>_<unix time>_<8 hex>`; 0 for what is no run, or is being made."""
    parts = run_id.rsplit("_", 2)
    return int(parts[1]) if len(parts) == 3 and parts[1].isdecimal() and not run_id.startswith(".") else 0
