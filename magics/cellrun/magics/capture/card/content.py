"""The content of a capture card, apart from how it is drawn. Text between back quotes is code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cellrun.core.context.account import counts_of
from cellrun.core.context.manifest import Need
from cellrun.magics.capture.destination import is_sent_before
from cellrun.magics.capture.refusals import Refusal

TITLE = "What this cell needs"
NOTHING = "Nothing of the notebook: the cell alone makes the run."
COLUMNS = ("name", "what", "size", "needed by", "captured as")
_UNITS = ("B", "kB", "MB", "GB", "TB")
_CODE = re.compile(r"--[a-z][a-z-]*(?: [^\s.;]+)?|\bCELLRUN_[A-Z_]+")


class Row(NamedTuple):
    """One line of the table."""

    name: str
    what: str
    size: str
    needed_by: str
    captured_as: str
    note: str


class Refused(NamedTuple):
    """One refusal: what can't be captured, and below it where that is needed and what to do."""

    what: str
    advice: str


@dataclass(frozen=True)
class Content:
    """The account of what is captured, the refusals and the notes of one cell."""

    needs: Sequence[Need]
    refusals: Sequence[Refusal] = ()
    notes: Sequence[str] = ()
    there: str = ""
    """The machine elsewhere that it goes to, with its Python: `box, Python 3.13.5`; empty for this one."""
    shares_files: bool = False
    """Whether what it needs is found there in folders that both share, so that nothing is sent."""

    @property
    def summary(self) -> str:
        """What is captured in numbers: `6 names · 1.2 MB · 1 module · 1 file · to box, Python 3.13, 12 kB to send`."""
        if not self.needs:
            return self.there and f"to {self.there}"
        count = counts_of(self.needs)
        parts = [
            _counted(count.names, "name"),
            size_words(count.bytes),
            _counted(count.modules, "module"),
            _counted(count.files, "file"),
            self._to_send,
        ]
        return " · ".join(part for part in parts if part)

    @property
    def _to_send(self) -> str:
        """Where it goes, and how much of it isn't there yet as far as that is known here."""
        if not self.there:
            return ""
        if self.shares_files:
            return f"to {self.there}, by shared folders"
        size = counts_of(need for need in self.needs if not is_sent_before(need)).bytes
        return f"to {self.there}, {size_words(size) or 'nothing'} to send"

    @property
    def is_bare(self) -> bool:
        """Whether the cell needs nothing at all, what can't be captured included."""
        return not self.needs and not self.refusals

    @property
    def refused(self) -> str:
        """How many refusals there are; empty without any."""
        return _counted(len(self.refusals), "refusal")

    def refusal_words(self) -> Iterator[Refused]:
        """Iterate over the refusals."""
        return map(_refused, self.refusals)

    def rows(self) -> Iterator[Row]:
        """Iterate over the lines of the table."""
        for need in self.needs:
            yield Row(need.name, need.what, size_words(need.bytes), need.place, need.how, need.note)


def size_words(size_bytes: int) -> str:
    """Return a size in two or three digits: `1.1 kB`, `736 kB`; empty for none."""
    if not size_bytes:
        return ""
    size, power = float(size_bytes), 0
    while size >= 999.5 and power < len(_UNITS) - 1:
        size, power = size / 1000, power + 1
    digits = 1 if power and size < 9.95 else 0
    return f"{size:.{digits}f} {_UNITS[power]}"


def without_marks(text: str) -> str:
    """Return a text without the back quotes around its code."""
    return "".join(part for part, _ in code_parts(text))


def code_parts(text: str) -> list[tuple[str, bool]]:
    """Split a text at its back quotes; true for code. An odd quote is a quote."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return [(text, False)]
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def _refused(refusal: Refusal) -> Refused:
    path, is_, rest = refusal.what.partition(" is ")
    is_path = bool(is_ and refusal.name and path.startswith(refusal.name) and "`" not in refusal.what)
    what = f"`{path}` is {rest}" if is_path else refusal.what
    sentences = []
    if refusal.place:
        by = f"by `{refusal.name}`, " if is_path and path != refusal.name else "in "
        sentences.append(f"Needed {by}{refusal.place}.")
    if refusal.remedy:
        sentences.append(refusal.remedy if "`" in refusal.remedy else _CODE.sub(r"`\g<0>`", refusal.remedy))
    return Refused(what if what[-1] in ".!?" else f"{what}.", " ".join(sentences))


def _counted(count: int, noun: str) -> str:
    if not count:
        return ""
    return f"{count:,} {noun}" + ("s" if count > 1 else "")
