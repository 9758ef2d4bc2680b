from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cellrun.core.store.events.event_line as event_line
from cellrun.core.store.events.event_line import decode_value, encode_value, encode_values, open_line, seal, typed

ROOT = Path(event_line.__file__).parents[4]

values = st.none() | st.booleans() | st.floats() | st.integers() | st.integers(-(2**80), 2**80) | st.text()
EDGE_VALUES = [
    *(0.0, -0.0, 1.5, 5e-324, 1.7976931348623157e308, 1e22, 0.1, 1e16),
    *(math.inf, -math.inf, math.nan),
    *(0, 2**53, 2**53 + 1, -(2**53), -(2**53) - 1, 2**600),
    *(True, False, None, "NaN", "Infinity", "", '"\\\n\0', "\ud800", "🚀", "</script>"),
]


def same(one: object, other: object) -> bool:
    """Equal, and of the same type, NaN and -0.0 included."""
    return type(one) is type(other) and repr(one) == repr(other)


@given(values)
def test_every_value_comes_back_as_it_was(value: object) -> None:
    assert same(decode_value(json.loads(encode_value(value))), value)


@given(values)
def test_both_ways_to_write_a_value_say_the_same(value: object) -> None:
    assert json.loads(json.dumps(typed(value), allow_nan=False)) == json.loads(encode_value(value))


@given(st.lists(values, max_size=20))
def test_a_list_is_written_as_its_values(listed: list[object]) -> None:
    assert json.loads(encode_values(listed)) == [json.loads(encode_value(value)) for value in listed]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_javascript_reads_the_same_values() -> None:
    """Each value goes through JSON.parse and JSON.stringify of a real JavaScript engine, and comes out as it was."""
    program = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'ascii'))))"
    done = subprocess.run(
        ["node", "-e", program], input=encode_values(EDGE_VALUES).encode(), capture_output=True, check=True
    )
    returned = [decode_value(value) for value in json.loads(done.stdout)]
    for before, after in zip(EDGE_VALUES, returned, strict=True):
        # JavaScript has one kind of number: 1.0 comes back as 1, -0.0 as 0. The event log itself keeps them apart.
        assert after == before or (before != before and after != after)


@given(st.binary(max_size=100).filter(lambda body: b"\n" not in body))
def test_a_sealed_body_opens(body: bytes) -> None:
    line = seal(body)
    assert line.endswith(b"\n")
    assert open_line(line[:-1]) == body


@given(st.binary(min_size=1, max_size=100), st.data())
def test_a_changed_line_does_not_open(body: bytes, data: st.DataObject) -> None:
    line = bytearray(seal(body)[:-1])
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))
    assert open_line(bytes(line)) is None


@given(st.binary(max_size=50))
def test_bytes_that_are_no_line_do_not_open(data: bytes) -> None:
    assert open_line(data[:8]) is None


def test_the_supervisor_can_use_it() -> None:
    """It imports under `python -I -S`, from its root alone, and brings nothing heavy along."""
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import cellrun.core.store.events.event_line, cellrun.core.store.status, cellrun.core.identity
heavy = {{"site", "orjson", "numpy", "sqlite3", "requests", "cloudpickle", "asyncio", "threading", "subprocess"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
