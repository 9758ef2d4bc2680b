"""What a dataset is, as plain data: where its files are, how they are read, and what is done with them then.

It is JSON: `{"kind": "file" | "tabular", "paths": [{"datastore": name, "path": "a/*.csv"} | {"url": "https://…"} |
{"local": "/absolute/path"}], "read": {…}, "steps": [["keep_columns", ["a"]], …]}`. Nothing is read to make one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cellrun.core.data.stores.addresses import keys_of
from cellrun.core.digest import digest
from cellrun.core.disk import control_file
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
    def keys(self) -> list[str]:
        """What its addresses seem to hold that is nobody else's business, such as `sig`: it isn't to be kept."""
        return [name for path in self.paths if "url" in path for name in keys_of(path["url"])]

    @property
    def digest(self) -> str:
        """What two definitions have in common that say the same."""
        return digest(json.dumps(self.to_json(), sort_keys=True).encode())

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


def below(folder: str, pattern: str | None) -> str:
    """Return the path of what fits a pattern below a folder of a store; without one, of the folder."""
    return "/".join(filter(None, (folder, pattern)))


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
    """Whether it is a step as this cellrun makes it, or one of a newer one, which is refused when it is used."""
    if not isinstance(step, list) or not step or not isinstance(step[0], str):
        return False
    shape = _STEPS.get(step[0])
    return shape is None or (
        len(step) == len(shape) + 1 and all(fits(given) for fits, given in zip(shape, step[1:], strict=True))
    )


def _is_share(value: object) -> bool:
    return control_file.is_number(value) and 0 <= value <= 1  # type: ignore[operator]  # a number


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_time_or_none(value: object) -> bool:
    try:
        return value is None or (isinstance(value, str) and datetime.fromisoformat(value).tzinfo is None)
    except ValueError:
        return False


def _is_condition(data: object, depth: int = 0) -> bool:
    """Whether it is a condition over columns, or what one is made of."""
    if isinstance(data, dict):
        (kind, value), *rest = data.items() or [("", None)]
        fits = _OPERAND.get(kind)
        return not rest and fits is not None and bool(fits(value)) and depth > 0
    return (
        isinstance(data, list)
        and bool(data)
        and depth < _DEEPEST
        and isinstance(data[0], str)
        and len(data) == _OPERANDS.get(data[0], 0) + 1
        and all(_is_condition(part, depth + 1) for part in data[1:])
    )


_DEEPEST = 500
_OPERAND: Mapping[str, control_file.Check] = {
    "column": control_file.is_text,
    "metadata": control_file.is_text,
    "value": lambda given: isinstance(given, (str, bool, int, float)),
    "time": lambda given: given is not None and _is_time_or_none(given),
}
_OPERANDS = {
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge", "and", "or", "contains", "startswith", "endswith"), 2),
    **dict.fromkeys(("not", "is_null"), 1),
}
_STEPS: Mapping[str, Sequence[control_file.Check]] = {
    "skip": [control_file.is_count],
    "take": [control_file.is_count],
    "take_sample": [_is_share, _is_seed],
    "random_split": [_is_share, _is_seed, lambda side: side in (0, 1)],
    "keep_columns": [control_file.are_texts],
    "drop_columns": [control_file.are_texts],
    "filter": [_is_condition],
    "timestamp_columns": [control_file.is_text_or_none, control_file.is_text_or_none],
    "time": [control_file.is_text, _is_time_or_none, _is_time_or_none, lambda given: isinstance(given, bool)],
}
