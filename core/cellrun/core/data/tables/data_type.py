"""The types that users give a table's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cellrun.core.errors import DatasetError, shown

STRING, LONG, FLOAT, BOOL, DATETIME = "string", "long", "float", "bool", "datetime"


class DataType:
    """What a column's values are made, as Azure ML spells it: `set_column_types={"day": DataType.to_datetime()}`."""

    def __init__(self, kind: str, formats: Sequence[str] = (), decimal_mark: str = ".") -> None:
        self.kind = kind
        self.formats = tuple(formats)
        self.decimal_mark = decimal_mark

    @staticmethod
    def to_string() -> DataType:
        """Return the type of texts, as they stand in the file."""
        return DataType(STRING)

    @staticmethod
    def to_long() -> DataType:
        """Return the type of whole numbers."""
        return DataType(LONG)

    @staticmethod
    def to_float(decimal_mark: str = ".") -> DataType:
        """Return the type of numbers. `decimal_mark` stands before the fraction."""
        if not isinstance(decimal_mark, str) or len(decimal_mark) != 1:
            raise DatasetError(f"a decimal mark is one character; got {shown(decimal_mark)}")
        return DataType(FLOAT, decimal_mark=decimal_mark)

    @staticmethod
    def to_bool() -> DataType:
        """Return the type of truth values: true, false, 1, 0."""
        return DataType(BOOL)

    @staticmethod
    def to_datetime(formats: str | Sequence[str] | None = None) -> DataType:
        """Return the type of times. `formats` are strptime's, tried in turn; without any, ISO 8601 is read."""
        given = (formats,) if isinstance(formats, str) else tuple(formats or ())
        if not all(isinstance(one, str) and "%" in one for one in given):
            raise DatasetError(f"formats of times are such as '%d/%m/%Y %H:%M'; got {shown(formats)}")
        return DataType(DATETIME, given)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        rest = {"formats": list(self.formats)} if self.formats else {}
        return {"type": self.kind, **rest, **({"decimal_mark": self.decimal_mark} if self.decimal_mark != "." else {})}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DataType:
        """Read what `to_json` gave."""
        return cls(data["type"], data.get("formats", ()), data.get("decimal_mark", "."))

    def __repr__(self) -> str:
        return f"DataType.to_{self.kind}({', '.join(map(repr, self.formats))})"

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, DataType) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.kind, self.formats, self.decimal_mark))


def types_json(given: object) -> dict[str, dict[str, Any]]:
    """Return the types of columns that a user gave, as JSON has them. Raises DatasetError."""
    if not isinstance(given, Mapping) or not all(
        isinstance(name, str) and isinstance(kind, DataType) for name, kind in given.items()
    ):
        raise DatasetError(
            f"set_column_types={shown(given)}: give a dict of DataType by column, {{'day': DataType.to_datetime()}}"
        )
    return {name: kind.to_json() for name, kind in given.items()}
