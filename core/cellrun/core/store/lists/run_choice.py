"""The filter of a list of runs, as SQL over the index."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, TypeAlias

WantedTags: TypeAlias = Mapping[str, str | None] | Collection[str | tuple[str, str | None]]

_BELOW = (
    "id IN (WITH RECURSIVE below(id) AS (SELECT id FROM run WHERE parent = ? "
    "UNION SELECT run.id FROM run JOIN below ON run.parent = below.id) SELECT id FROM below)"
)
_IS_ROOT = "(parent IS NULL OR NOT EXISTS (SELECT 1 FROM run AS above WHERE above.id = run.parent))"


class RunChoice(NamedTuple):
    """Conditions that a run must fulfil, all of them; the words of `Index.runs`."""

    experiment: str | None = None
    status: Collection[str] | None = None
    """One of these."""
    tags: WantedTags = ()
    """All of these names; with these values, where it is a mapping or holds pairs."""
    text: str | None = None
    """A part of the name, id, experiment, tags or parameters, in any case."""
    notebook: str | None = None
    """The path of the notebook that it was submitted from."""
    type: str | None = None
    """Azure ML's type of it."""
    properties: WantedTags = ()
    """As `tags`."""
    target: str | None = None
    """The name of the target that it ran on."""
    parent: str | None = None
    """The id of the run that it is a child of."""
    below: str | None = None
    """The id of a run that it is a child of, or a child's child."""
    include_children: bool = True
    """Whether runs that are children fit too; one whose parent isn't there any more always does."""

    @property
    def is_tallied(self) -> bool:
        """Whether the index keeps count of the runs that fit: then nobody has to count them."""
        return self._replace(experiment=None, status=None) == RunChoice()

    def where(self) -> tuple[str, list[Any]]:
        """Return what rows must fulfil, as SQL, and the values to bind. Words of the SQL are ours alone."""
        conditions: list[str] = []
        values: list[Any] = []
        for column in _EXACT:
            if (wanted := getattr(self, column)) is not None:
                conditions.append(f"{column} = ?")
                values.append(storable(wanted))
        if self.below is not None:
            conditions.append(_BELOW)
            values.append(storable(self.below))
        if not self.include_children:
            conditions.append(_IS_ROOT)
        if self.status is not None:
            conditions.append(f"status IN ({', '.join('?' * len(self.status))})")
            values += [str(one) for one in self.status]
        for column, pairs in (("tags", self.tags), ("properties", self.properties)):
            for pair in pairs.items() if isinstance(pairs, Mapping) else pairs:
                name, *value = (pair,) if isinstance(pair, str) else pair
                also = "AND value IS ?" if value else ""
                conditions.append(f"EXISTS (SELECT 1 FROM json_each(run.{column}) WHERE key = ? {also})")  # noqa: S608  # ours
                values += [each if each is None else storable(each) for each in (name, *value)]
        if self.text:
            conditions.append("instr(words, ?)")
            values.append(storable(self.text.lower()))
        return " AND ".join(conditions) or "1", values


_EXACT = ("experiment", "notebook", "type", "target", "parent")
"""What of a run has to be just as the choice has it."""


def storable(text: str) -> str:
    """Return a text without lone surrogates, which SQLite can't hold; the JSON beside it keeps them."""
    return text.encode("utf-8", "replace").decode()
