"""A log out of its JSON, however that comes in pieces."""

import json

import pytest

from cellrun.core.targets.ray.whole_log import text_of

TEXT = 'a "quoted" \\ line\n\tcaf\u00e9 \u20ac\n' + "x" * 50 + "\\\\\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_log_is_the_same_in_pieces_of_any_size(size):
    told = json.dumps({"logs": TEXT}).encode()
    assert b"".join(text_of(told[at : at + size] for at in range(0, len(told), size))).decode() == TEXT


def test_an_empty_log_is_nothing():
    assert list(text_of([b'{"logs": ""}'])) == []


@pytest.mark.parametrize("told", [b"", b"<html>" * 50, b'{"logs": "a', b'{"other": "a"}' * 20])
def test_what_is_no_log_or_half_of_one_is_an_error(told):
    with pytest.raises(ValueError, match="ends before"):
        list(text_of([told]))
