"""The compute targets of a workspace by name: `local`, and those that were attached."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellrun.core import names
from cellrun.core.context.signature import sign, why_not_own
from cellrun.core.disk.control_file import parsed, read_control_file
from cellrun.core.disk.whole_files import json_text, replace_file
from cellrun.core.errors import (
    ComputeTargetException,
    DamagedRunError,
    NoSuchTargetError,
    OthersTargetError,
    UserErrorException,
    did_you_mean,
    problem_of,
    shown,
)
from cellrun.core.layout import WorkspaceLayout
from cellrun.core.store.registry import Registry
from cellrun.core.store.status import TERMINAL, Status
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.kinds import kind_named, kind_names
from cellrun.core.targets.look import look

LOCAL = "local"
_VERSION = 1


class TargetsByName(dict[str, ComputeTarget]):
    """Targets by name. One that isn't there is an error that says how to have it, and a KeyError."""

    def __missing__(self, name: object) -> ComputeTarget:
        raise NoSuchTargetError(_unknown(name, list(self)))


class WorkspaceTargets:
    """What can start a run of a workspace. Each attached target is a file: its kind and its settings, no secret."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._workspace = workspace

    def names(self) -> list[str]:
        """Return all names, `local` first."""
        return self._files.names()

    def all(self) -> TargetsByName:
        """Return all targets by name; one that can't be used here is left out with a warning that says why."""
        found = TargetsByName()
        for name in self.names():
            try:
                found[name] = self.get(name)
            except ComputeTargetException as error:
                warnings.warn(str(error), stacklevel=2)
        return found

    def get(self, name: object = None) -> ComputeTarget:
        """Return a target by its name, `local` if none is given.

        Raises ComputeTargetException if there is none of that name, or if it can't be used here: its file is damaged,
        its kind can't be loaded, or this user didn't attach it. Its settings say from where files are brought into a
        run's folder, with every look at it.
        """
        if name is None or name == LOCAL:
            from cellrun.core.targets.local.target import LocalTarget  # noqa: PLC0415  # others start no run here

            return LocalTarget(LOCAL)
        path = self._path(name)
        try:
            content = read_control_file(self._workspace.folder, path)
            data = parsed(self._workspace.folder, path, content)
            kind, settings = data["kind"], dict(data["settings"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ComputeTargetException(
                f"the compute target {name!r} can't be read from {path}: {problem_of(error)}"
            ) from error
        why = why_not_own(path, content, path.name)
        try:
            made = kind_named(kind)
            if not why:
                return self._of_workspace(made.for_settings(str(name), settings))
            others = OthersTargetError(str(name), kind, settings, made.settings_known, why)
        except Exception as error:  # a stranger's class may raise anything at settings that it hasn't checked
            reason = error if isinstance(error, ComputeTargetException) else repr(error)
            raise ComputeTargetException(f"the compute target {name!r} can't be used here: {reason}") from error
        raise others

    def check_name(self, name: str) -> None:
        """See whether a target may be attached by this name.

        Raises InvalidNameError for one that is none, ComputeTargetException for one that is taken.
        """
        names.target_name(name)
        is_taken = name in self.names() and not self._is_anothers(self._workspace.targets / f"{name}.json")
        if name == LOCAL or is_taken:
            raise self._taken(name)

    def candidate(self, name: str, kind: str, settings: Mapping[str, Any]) -> ComputeTarget:
        """Return a target as it would be if it were attached; nothing is kept of it. Raises as `attach` does."""
        made, kept = self._checked(name, kind, settings)
        return self._of_workspace(made.for_settings(name, kept))

    def attach(self, name: str, kind: str, settings: Mapping[str, Any]) -> ComputeTarget:
        """Add a target, and return it; one that somebody else has attached so is trusted from now on.

        It is asked what it is; if that can't be had now, a warning says why.

        Raises InvalidNameError for a name that is none, ComputeTargetException for one that is taken or a kind that
        isn't there, UserErrorException for settings that the kind doesn't take.
        """
        made, kept = self._checked(name, kind, settings)
        path = self._workspace.targets / f"{name}.json"
        target = self._of_workspace(made.for_settings(name, kept))
        text = json_text({"version": _VERSION, "kind": kind, "settings": kept})
        if not self._files.write_new(path, text) and not self._is_anothers(path, text.encode()):
            raise self._taken(name)
        sign(path, path.name, data=text.encode())
        return _learned(target)

    def change(self, target: ComputeTarget, settings: Mapping[str, Any]) -> ComputeTarget:
        """Give a target other settings; return it with them. Raises UserErrorException for what it doesn't take."""
        path = self._path(target.name)
        kept = _as_kept(target.name, target.checked_settings(settings))
        text = json_text({"version": _VERSION, "kind": target.kind, "settings": kept})
        path.with_suffix(".sig").unlink(missing_ok=True)
        replace_file(path, text)
        sign(path, path.name, data=text.encode())
        return _learned(self.get(target.name))

    def detach(self, name: str) -> None:
        """Take a target away, also one that can't be used here; its runs' folders stay.

        Raises ComputeTargetException if there is none of that name, or while one of its runs hasn't ended.
        """
        if name == LOCAL:
            raise ComputeTargetException("the target 'local' is this machine: it is always there")
        path = self._path(name)
        if living := self._living_runs(name):
            raise ComputeTargetException(
                f"runs of the target {name!r} haven't ended: {', '.join(living[:3])}{' …' if living[3:] else ''}; "
                "cancel them first"
            )
        path.unlink(missing_ok=True)
        path.with_suffix(".sig").unlink(missing_ok=True)

    def _checked(self, name: str, kind: str, settings: Mapping[str, Any]) -> tuple[type[ComputeTarget], dict[str, Any]]:
        """Return the class and the settings of a target that may be attached, as whoever reads them gets them."""
        self.check_name(name)
        made = kind_named(kind)
        return made, _as_kept(name, made.checked_settings(settings))

    def _is_anothers(self, path: Path, expected: bytes | None = None) -> bool:
        """Whether somebody else has attached a target, and as expected."""
        with suppress(OSError, DamagedRunError):
            content = read_control_file(self._workspace.folder, path)
            return expected in {None, content} and bool(why_not_own(path, content, path.name))
        return False

    @property
    def _files(self) -> Registry:
        return Registry(self._workspace, self._workspace.targets, own=(LOCAL,))

    def _of_workspace(self, target: ComputeTarget) -> ComputeTarget:
        target.layout = self._workspace
        return target

    def _path(self, name: object) -> Path:
        if not isinstance(name, str) or name not in self.names():
            raise NoSuchTargetError(_unknown(name, self.names()))
        return self._workspace.targets / f"{name}.json"

    @staticmethod
    def _taken(name: str) -> ComputeTargetException:
        first = "choose another name" if name == LOCAL else f"ws.detach({name!r}) takes it away first"
        return ComputeTargetException(
            f"there is a compute target {name!r} already; ws.compute_targets[{name!r}] is it; {first}"
        )

    def _living_runs(self, name: str) -> list[str]:
        from cellrun.core.store.lists.index import Index  # noqa: PLC0415  # it loads sqlite3, for this alone

        living = [status.value for status in Status if status not in {*TERMINAL, Status.DAMAGED}]
        rows = [row for row in Index(self._workspace).runs(status=living) if row.target == name]
        with suppress(ComputeTargetException):  # it can't be used here: the folders tell what they can
            found = look(self.get(name), [self._workspace.run(row.id) for row in rows])
            rows = [row for row in rows if not found[row.id].status.is_terminal]
        return [row.name for row in rows]


def _as_kept(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(json.dumps(settings, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UserErrorException(f"the settings of target {name!r} are kept as JSON: {error}") from error
    return kept


def _learned(target: ComputeTarget) -> ComputeTarget:
    try:
        target.learn()
    except ComputeTargetException as error:
        warnings.warn(f"{target.name!r} is attached, and can't be used yet: {error}", stacklevel=4)
    return target


def _unknown(name: object, known: Sequence[str]) -> str:
    return (
        f"no compute target {shown(name)}; known: {', '.join(known)}; {did_you_mean(name, known, goes_on=True)}"
        f"ws.attach(name, kind, **settings) attaches one (kinds: {', '.join(kind_names())}); "
        "kind 'amlcompute' is a name for this machine, as a cluster of Azure ML's has it"
    )
