"""Why a cell can't be submitted; the words for what the user adds, or leaves out, and that means nothing here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cellrun.magics.capture.notebook import Notebook, is_absolute, is_module

_MOST_LISTED = 10


@dataclass(frozen=True)
class Refusal:
    """Why something that the cell needs can't go along: for the error, and for the card."""

    name: str
    """The variable, module or file; empty if it is about several."""
    what: str
    """What is wrong, as a sentence without its full stop."""
    place: str = ""
    """Where in the cell it is needed."""
    remedy: str = ""
    """What to do about it, as a sentence without its full stop."""

    def __str__(self) -> str:
        needed = f"; needed in {self.place}" if self.place else ""
        return self.what + needed + (f"; {self.remedy[0].lower()}{self.remedy[1:]}" if self.remedy else "")


def unknown_words(name: str, notebook: Notebook) -> str:
    """Say that what is to be added means nothing, and what comes near to it."""
    if is_absolute(name):
        return f"--with {name}: the run reads an absolute path where it is; name what goes along as seen from here"
    if is_module(name):
        return f"--with {name}: an installed module isn't captured, the run imports its own; import it in the cell"
    known = {each for each in notebook.namespace if notebook.holds(each)}
    known |= {path.name for path in notebook.folder.iterdir()}
    return (
        f"--with {name}: the notebook has no such name, {notebook.folder} has no such file or folder, "
        f"and there is no such module{_meant(name, known)}"
    )


def unneeded_words(name: str, captured: Sequence[str]) -> str:
    """Say that what is to be left out isn't needed, and what is."""
    if name in captured:  # an environment variable
        return f"--without {name}: the run inherits it from the kernel; `--env {name}=` gives it an empty one"
    listed = ", ".join(captured[:_MOST_LISTED]) + (", …" if len(captured) > _MOST_LISTED else "")
    hint = _meant(name, captured) or f"; what is captured: {listed or 'nothing'}"
    return f"--without {name}: the cell doesn't need it{hint}"


def needed_refusal(name: str, place: str, users: Sequence[str]) -> Refusal:
    """Return why a name can't be left out that the values of others can't be loaded without."""
    what = f"{name} can't be left out: {', '.join(users)} can't be loaded without it"
    remedy = f"Take it off --without, or leave out what needs it too: --without {','.join([name, *users])}"
    return Refusal(name, what, place, remedy)


def _meant(name: str, candidates: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(candidates), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
