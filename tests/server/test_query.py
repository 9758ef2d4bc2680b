"""What may stand in the query of an address."""

from __future__ import annotations

from typing import Any

import pytest
from tornado.escape import parse_qs_bytes

from cellrun.core.errors import UserErrorException
from cellrun.server.query import flag, number, one_of, read_query, text, whole

KNOWN = {
    "limit": whole(0, 10, 5),
    "from": number(),
    "all": flag(),
    "of": one_of("a", "b"),
    "tag": text(3, many=True),
    "name": text(),
}


def asked(query: str) -> dict[str, Any]:
    return read_query(parse_qs_bytes(query, keep_blank_values=True), KNOWN)


def test_defaults() -> None:
    assert asked("") == {"limit": 5, "from": None, "all": False, "of": None, "tag": [], "name": None}


def test_values() -> None:
    found = asked("limit=10&from=-1e3&all=true&of=b&tag=x&tag=&name=%C3%A9+%3D")
    assert found == {"limit": 10, "from": -1000.0, "all": True, "of": "b", "tag": ["x", ""], "name": "é ="}


@pytest.mark.parametrize(
    "query",
    [
        *("limit=11", "limit=-1", "limit=", "limit=1_0", "limit=%EF%BC%91", "limit=+1", "limit=1.0", "limit=--1"),
        *(f"limit={'9' * 5000}", f"limit={'0' * 20}99"),
        *("from=nan", "from=inf", "from=x", "all=1", "all=", "of=c", "tag=long", "tag=%ff"),
        *("name=a&name=b", "nix=1", "__proto__=1", "limit=1&limit=1"),
    ],
)
def test_what_is_none_is_refused(query: str) -> None:
    name = query.partition("=")[0]
    with pytest.raises(UserErrorException, match=name):
        asked(query)


def test_what_is_needed_is_asked_for() -> None:
    with pytest.raises(UserErrorException, match="'name' is missing; it is a text"):
        read_query({}, {"name": text(needed=True)})
