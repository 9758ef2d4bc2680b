"""A cell as it is kept: the values that its magic gives to environment variables are not."""

from __future__ import annotations

import re

MASK = "***"
_QUOTES = "'\""
# Twins of `labextension/src/badge/masking.ts`; tests/data/masked.json holds them together.
_MAGIC = re.compile(r"^[ \t]*%%?submit\b.*", re.MULTILINE)
_VARIABLE = re.compile(r"""(--env(?:=|[ \t]+))((?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+)""")


def masked(source: str) -> str:
    """Return a cell's text with `--env NAME=***` for each `--env NAME=value` of a `%%submit` or `%submit` line."""
    return _MAGIC.sub(lambda line: _VARIABLE.sub(_without_value, line[0]), source)


def _without_value(found: re.Match[str]) -> str:
    name, equals, _ = found[2].partition("=")
    return f"{found[1]}{name.lstrip(_QUOTES)}={MASK}" if equals else found[0]
