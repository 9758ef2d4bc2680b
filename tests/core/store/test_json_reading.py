from __future__ import annotations

import json
import subprocess
import sys

import pytest

from cellrun.core.store import json_reading
from cellrun.core.store.json_reading import check_brackets, read_json

ENDLESS = """
from cellrun.core.store.json_reading import MOST_BRACKETS, read_json

for end in (b"", b"\\\\"):
    try:
        read_json(b"[" * (MOST_BRACKETS + 1) + b'"' + b'\\\\"' * 2_000_000 + end)
    except ValueError as error:
        print(error)
"""


def test_a_text_without_an_end_is_refused_at_once() -> None:
    """Each quote in it was once looked from to the data's end: hours in which no other thread came on."""
    done = subprocess.run([sys.executable, "-c", ENDLESS], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.count("lists and objects") == 2


@pytest.mark.parametrize("text", ["[" * 20, '"[', "[\\", '\\"[', "\\\\[", '\\\\"[', '"', "a[b]c{", "\n[\u2028"])
def test_brackets_in_texts_are_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(json_reading, "MOST_BRACKETS", 3)
    data = {text * 5: [text * 5, {}]}
    assert read_json(json.dumps(data).encode()) == data
    with pytest.raises(ValueError, match="more than 3 lists and objects"):
        check_brackets(json.dumps([data, [text]]).encode())
