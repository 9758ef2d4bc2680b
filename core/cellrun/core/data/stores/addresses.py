"""Finds keys and tokens in the query of a web address."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

_KEY = re.compile(
    r"(^|[-_.])(sig|signature|token|(api|access|account|auth)?key|secret|password|credential)([-_.]|$)", re.IGNORECASE
)


def keys_of(address: str) -> list[str]:
    """Return what of an address's query seems to be a key, by its name."""
    return [name for name, _ in parse_qsl(address.partition("?")[2].partition("#")[0]) if _KEY.search(name)]
