"""What the user adds to what a cell needs, and leaves out of it: `--with`, `--without`."""

from __future__ import annotations

import difflib
import glob
import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cellrun.magics.capture.carrier import Refusal
from cellrun.magics.capture.notebook import Notebook

_MOST_LISTED = 10


@dataclass(frozen=True)
class Choices:
    """Names of the notebook, paths beside it, modules."""

    added: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    """Names whose values come back, as they are when the cell has completed."""
    given: tuple[str, ...] = ()
    """Names that the run itself has a value for: its data."""


@dataclass
class LeftOut:
    """What isn't to travel, and which of it the cell would have needed, with the place."""

    names: frozenset[str]
    places: dict[str, str] = field(default_factory=dict)

    def has(self, name: str, place: str) -> bool:
        """Whether a name, a module or a path is left out, by itself or with a folder that it is in; noted if so."""
        parts = name.split("/")
        for length in range(len(parts), 0, -1):
            chosen = "/".join(parts[:length])
            if chosen in self.names:
                self.places.setdefault(chosen, place)
                return True
        return False

    def unused(self) -> list[str]:
        """Return what would not have travelled anyway."""
        return [name for name in sorted(self.names) if name not in self.places]

    def notes(self) -> list[str]:
        """Return what is worth saying of what stays behind."""
        return [
            f"{name!r} ({place}) stays behind, as --without says; the run fails where it can't do without"
            for name, place in self.places.items()
        ]


def is_path(name: str, folder: Path) -> bool:
    """Whether something in a folder is called so, or fits the pattern, as seen from that folder."""
    return not _is_absolute(name) and _matches(name, folder)


def _is_absolute(name: str) -> bool:
    return name.startswith(("/", "~"))


def _matches(name: str, folder: Path) -> bool:
    return (folder / name).exists() or (glob.has_magic(name) and any(folder.glob(name)))


def is_module(name: str) -> bool:
    """Whether a module of this dotted name can be imported, as far as its top can tell."""
    if not all(part.isidentifier() for part in name.split(".")):
        return False
    try:
        return importlib.util.find_spec(name.partition(".")[0]) is not None
    except (ImportError, ValueError):  # a module without a spec, such as __main__
        return False


def unknown_words(name: str, notebook: Notebook) -> str:
    """Say that what is to be added means nothing, and what comes near to it."""
    if _is_absolute(name):
        return f"--with {name}: the run reads an absolute path where it is; name what goes along as seen from here"
    if is_module(name):
        return f"--with {name}: an installed module isn't captured, the run imports its own; import it in the cell"
    known = {each for each in notebook.namespace if notebook.holds(each)}
    known |= {path.name for path in notebook.folder.iterdir()}
    return (
        f"--with {name}: the notebook has no such name, {notebook.folder} has no such file or folder, "
        f"and there is no such module{_meant(name, known)}"
    )


def unneeded_words(name: str, travelling: Sequence[str]) -> str:
    """Say that what is to be left out isn't needed, and what is."""
    if name in travelling:  # an environment variable
        return f"--without {name}: the run inherits it from the kernel; `--env {name}=` gives it an empty one"
    listed = ", ".join(travelling[:_MOST_LISTED]) + (", …" if len(travelling) > _MOST_LISTED else "")
    hint = _meant(name, travelling) or f"; what is captured: {listed or 'nothing'}"
    return f"--without {name}: the cell doesn't need it{hint}"


def needed_refusal(name: str, place: str, users: Sequence[str]) -> Refusal:
    """Return why a name can't be left out that the values of others can't be loaded without."""
    what = f"{name} can't be left out: {', '.join(users)} can't be loaded without it"
    remedy = f"Take it off --without, or leave out what needs it too: --without {','.join([name, *users])}"
    return Refusal(name, what, place, remedy)


def _meant(name: str, candidates: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(candidates), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
