"""A chart's data as one JSON document in Azure ML's schemas: confusion matrices, accuracy tables and their kin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

from cellrun.core import names
from cellrun.core.errors import InvalidNameError, UserErrorException, shown
from cellrun.core.store.files.artifacts import file_name_parts

SCHEMAS = ("accuracy_table", "confusion_matrix", "predictions", "residuals")
DOCUMENT_MIME = "application/vnd.cellrun.metric.v1+json"
"""Of a document whose schema views know."""
_BEGINNING = b'{"schema_type":"'


def document_bytes(name: str, value: Any, schema: str) -> bytes:
    """Return a document as it is kept: UTF-8 JSON that says its schema first.

    A mapping or its JSON text is taken; numbers, arrays and tensors of other libraries become plain JSON, what is no
    finite number null, as a browser's JSON has no other. Raises UserErrorException for anything else.
    """
    given = _parsed(value) if isinstance(value, (str, bytes, bytearray)) else value
    if not isinstance(given, Mapping):
        raise UserErrorException(
            f"log_{schema} {shown(name)} takes a dict, {{'schema_type': '{schema}', 'schema_version': 'v1', "
            f"'data': {{...}}}}, or its JSON text; got {type(given).__name__}"
        )
    document = {"schema_type": schema, "schema_version": "v1", **given}
    return json.dumps(_plain(document), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def document_file(name: str) -> str:
    """Return the name of a document's file: the metric's own, as with Azure ML, where a file can be called so."""
    try:
        parts = file_name_parts(name)
    except InvalidNameError:
        parts = []
    if not parts or name in {"outputs", "logs"}:
        return f"{names.slug(name) or 'metric'}.json"
    return name


def is_document(beginning: bytes) -> bool:
    """Whether a file that begins so is a document of a known schema."""
    return beginning.startswith(tuple(_BEGINNING + schema.encode() + b'"' for schema in SCHEMAS))


def _parsed(text: str | bytes | bytearray) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserErrorException(f"Invalid JSON provided: {error}") from error


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if hasattr(value, "tolist"):  # an array, a tensor or a number of theirs
        return _plain(value.tolist())
    return str(value)
