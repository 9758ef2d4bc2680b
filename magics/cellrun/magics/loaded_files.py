"""The files that a run's cell had beside it, where a kernel that loads the run finds them."""

from __future__ import annotations

import atexit
import filecmp
import os
import sys
from pathlib import Path
from types import ModuleType

from cellrun.core.cell.linked_files import LinkedFiles
from cellrun.core.context.loaded_copies import new_copy, remove_copy
from cellrun.core.context.manifest import Context
from cellrun.core.context.trusted import TrustedRun
from cellrun.core.disk.whole_files import copy_tree
from cellrun.core.layout import RunLayout

_CELL = "cell.py"


class LoadedFiles:
    """A copy of a run's snapshot, whose local modules this kernel imports; it goes with the kernel, or the next load.

    A copy, as what runs in it may write: a snapshot stays as it was submitted.
    """

    def __init__(self, layout: RunLayout, context: Context, folder: Path) -> None:
        self._layout = layout
        self._context = context
        self._links: LinkedFiles | None = None
        self.folder = folder
        """Where the cell's files are: the snapshot itself if there is nothing but the cell."""

    @classmethod
    def of(cls, layout: RunLayout, context: Context) -> LoadedFiles:
        """Return the files of a run, which aren't copied yet."""
        has_files = any(path.name != _CELL for path in layout.snapshot.iterdir()) or bool(context.links)
        return cls(layout, context, _new_folder(layout) if has_files else layout.snapshot)

    @property
    def _beside(self) -> Path:
        """Where the cell ran, which its relative paths begin at."""
        return self.folder / self._context.folder

    @property
    def are_copied(self) -> bool:
        """Whether the cell had files at all."""
        return self.folder != self._layout.snapshot

    def bring(self, trusted: TrustedRun) -> None:
        """Copy the files and let modules be looked for there first; large files are linked, and never changed.

        Raises UntrustedError if they aren't what was signed.
        """
        if self.are_copied:
            copy_tree(self._layout.snapshot, self.folder)
        trusted.check_snapshot(self.folder)
        if not self.are_copied:
            return
        for name, target in self._context.links.items():
            link = Path(os.path.normpath(self._beside / name))
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
        if self._context.links:
            self._links = LinkedFiles(self._beside, self._context.links, self._context.copies)
            self._links.protect()
        sys.path.insert(0, str(self.folder))

    def leave(self) -> dict[str, ModuleType]:
        """Forget the modules that were imported from here, as another run is loaded; return them."""
        sys.path[:] = [path for path in sys.path if not self.are_copied or path != str(self.folder)]
        modules = {name: module for name, module in sys.modules.items() if self._is_of(module)}
        for name in modules:
            del sys.modules[name]
        return modules

    def remove(self) -> None:
        """Remove the copy, unless the kernel's current folder is in it: then it goes with the kernel."""
        if not self.are_copied or _is_current(self.folder):
            return
        if self._links:
            self._links.release()
        remove_copy(self.folder)

    def _is_of(self, module: ModuleType) -> bool:
        file = _file(module)
        return self.are_copied and file is not None and file.is_relative_to(self.folder)

    def notes(self) -> list[str]:
        """Return what is worth saying about them."""
        if not self.are_copied:
            return []
        notes = [
            f"Does the cell name files by relative paths? `%cd {self._beside}` first: there they mean what they did"
        ]
        notes += [f"{name} is read where it is: {target}" for name, target in self._context.links.items()]
        if differing := self._loaded_before():
            notes.append(
                f"{', '.join(differing)} had been imported in this kernel, and differs from what the run had: "
                "restart the kernel and load the run again to get that"
            )
        return notes

    def _loaded_before(self) -> list[str]:
        """Return the modules of which another version than the run's is loaded."""
        found = []
        for path in sorted(self.folder.rglob("*.py")):
            name = ".".join(path.relative_to(self.folder).with_suffix("").parts).removesuffix(".__init__")
            file = _file(sys.modules.get(name))
            if file is not None and file != path and file.is_file() and not filecmp.cmp(file, path, shallow=False):
                found.append(name)
        return found


def _file(module: ModuleType | None) -> Path | None:
    """Return the file that a module came from. A module's own `__getattr__` isn't asked: it may raise anything."""
    file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
    return Path(file) if isinstance(file, str) else None


def _is_current(folder: Path) -> bool:
    try:
        return Path.cwd().is_relative_to(folder.resolve())
    except FileNotFoundError:  # the current folder was removed
        return False


def _new_folder(layout: RunLayout) -> Path:
    folder = new_copy(layout)
    atexit.register(_remove_at_exit, folder, os.getpid())
    return folder


def _remove_at_exit(folder: Path, pid: int) -> None:
    if os.getpid() == pid:  # not in a process that the kernel has forked
        remove_copy(folder)
