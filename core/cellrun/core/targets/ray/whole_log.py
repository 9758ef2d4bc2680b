"""A job's whole log out of the JSON that has it, piece by piece: it may be larger than what fits into memory thrice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

_BEGINNING = re.compile(rb'\s*\{\s*"logs"\s*:\s*"')
_WHOLE = re.compile(rb'(?:[^"\\]+|\\u[0-9a-fA-F]{4}|\\[^u])*')
_MOST_BEGINNING = 100


def text_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Iterate over the bytes of a log. Raises ValueError for what is no such JSON, or ends before its end."""
    left, has_begun = b"", False
    for block in blocks:
        left += block
        if not has_begun:
            beginning = _BEGINNING.match(left)
            if beginning is None:
                if len(left) > _MOST_BEGINNING:
                    break
                continue
            left, has_begun = left[beginning.end() :], True
        whole = _WHOLE.match(left)
        end = whole.end() if whole else 0
        if end:
            # A character of two escapes may be cut in two here; nothing but a job's own words has such.
            yield json.loads(b'"%b"' % left[:end], strict=False).encode("utf-8", "replace")
        left = left[end:]
        if left.startswith(b'"'):
            return
    raise ValueError("a log ends before its end")
