"""What a dataset is, as plain data: where its files are, how they are read, and what is done with them then.

It is JSON: `{"kind": "file" | "tabular", "paths": [{"datastore": name, "path": "a/*.csv"} | {"url": "https://…"} |
{"local": "/absolute/path"}], "read": {…}, "steps": [["keep_columns", ["a"]], …]}`. Nothing is read to make one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from blake3 import blake3

from cellrun.core.errors import DatasetError, shown

FILE = "file"
TABULAR = "tabular"
_PLACES = ({"datastore", "path"}, {"url"}, {"local"})


@dataclass(frozen=True)
class DatasetDefinition:
    """Where a dataset's files are, how they are read, and the steps that follow. Plain data, as JSON has it."""

    kind: str
    paths: tuple[Mapping[str, str], ...]
    read: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Sequence[Any], ...] = ()

    def then(self, *step: Any) -> DatasetDefinition:
        """Return it with one step more."""
        return replace(self, steps=(*self.steps, list(step)))

    @property
    def digest(self) -> str:
        """What two definitions have in common that say the same."""
        return blake3(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "kind": self.kind,
            "paths": [dict(path) for path in self.paths],
            "read": dict(self.read),
            "steps": [list(step) for step in self.steps],
        }

    @classmethod
    def from_json(cls, data: object) -> DatasetDefinition:
        """Return the definition that JSON holds. Raises DatasetError for what is none, or leads out of its store."""
        if not isinstance(data, Mapping) or data.get("kind") not in (FILE, TABULAR):
            raise DatasetError(f"this is no dataset's definition: {shown(data)}; its kind is 'file' or 'tabular'")
        paths, read, steps = data.get("paths"), data.get("read", {}), data.get("steps", [])
        if not (isinstance(paths, list) and paths and all(map(_is_place, paths))):
            raise DatasetError(f"a dataset's definition has paths that can't be: {shown(paths)}")
        if not isinstance(read, Mapping) or not isinstance(steps, list) or not all(map(_is_step, steps)):
            raise DatasetError(f"a dataset's definition is read or goes on in a way that can't be: {shown(data)}")
        return cls(data["kind"], tuple(dict(path) for path in paths), dict(read), tuple(list(step) for step in steps))


def climbs_out(path: str) -> bool:
    """Whether a path below a store's root would lead out of it."""
    return path.startswith("/") or "\0" in path or ".." in path.split("/")


def _is_place(path: object) -> bool:
    if not isinstance(path, Mapping) or set(path) not in _PLACES:
        return False
    if not all(isinstance(value, str) for value in path.values()):
        return False
    if "local" in path:
        return path["local"].startswith("/") and ".." not in path["local"].split("/")
    return "url" in path or not climbs_out(path["path"])


def _is_step(step: object) -> bool:
    return isinstance(step, list) and bool(step) and isinstance(step[0], str)
