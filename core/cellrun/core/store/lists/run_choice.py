"""Which runs a list is asked for, as SQL over the index."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, TypeAlias

WantedTags: TypeAlias = Mapping[str, str | None] | Collection[str | tuple[str, str | None]]


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

    @property
    def is_tallied(self) -> bool:
        """Whether the index keeps count of the runs that fit: then nobody has to count them."""
        return not self.tags and not self.text and self.notebook is None

    def where(self) -> tuple[str, list[Any]]:
        """Return what rows must fulfil, as SQL, and the values to bind. Words of the SQL are ours alone."""
        conditions: list[str] = []
        values: list[Any] = []
        if self.experiment is not None:
            conditions.append("experiment = ?")
            values.append(storable(self.experiment))
        if self.notebook is not None:
            conditions.append("notebook = ?")
            values.append(storable(self.notebook))
        if self.status is not None:
            conditions.append(f"status IN ({', '.join('?' * len(self.status))})")
            values += [str(one) for one in self.status]
        for tag in self.tags.items() if isinstance(self.tags, Mapping) else self.tags:
            name, *value = (tag,) if isinstance(tag, str) else tag
            wanted = "AND value IS ?" if value else ""
            conditions.append(f"EXISTS (SELECT 1 FROM json_each(run.tags) WHERE key = ? {wanted})")  # noqa: S608  # ours
            values += [each if each is None else storable(each) for each in (name, *value)]
        if self.text:
            conditions.append("instr(words, ?)")
            values.append(storable(self.text.lower()))
        return " AND ".join(conditions) or "1", values


def storable(text: str) -> str:
    """Return a text without lone surrogates, which SQLite can't hold; the JSON beside it keeps them."""
    return text.encode("utf-8", "replace").decode()
