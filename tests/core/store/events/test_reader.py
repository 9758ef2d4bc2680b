from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellrun.core.layout import RunLayout
from cellrun.core.store import json_reading
from cellrun.core.store.events.event_line import seal
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.reader import EventReader


def record(writer: str, seq: int, at: float, **own: Any) -> bytes:
    """One line as a writer makes it."""
    event = {"w": writer, "s": seq, "t": at, **(own or {"k": "log", "n": "m", "v": seq})}
    return seal(json.dumps(event).encode())


def run_folder(folder: Path, files: dict[str, bytes]) -> RunLayout:
    """A run folder with these event files."""
    layout = RunLayout(folder)
    layout.events.mkdir(parents=True)
    for writer, data in files.items():
        (layout.events / f"{writer}.jsonl").write_bytes(data)
    return layout


def read_all(reader: EventReader, max_bytes: int = 1 << 20) -> list[tuple[str, int]]:
    return [(event["w"], event["s"]) for events in reader.batches(max_bytes) for event in events]


def sequence(writer: str, count: int, start: int = 0) -> list[tuple[str, int]]:
    return [(writer, seq) for seq in range(start, count)]


def test_each_event_is_read_once(new_run: Callable[..., RunLayout]) -> None:
    layout = new_run()
    reader = EventReader(layout)
    assert reader.read() == []
    log = EventLog(layout)
    for start in (0, 3):
        for value in range(start, start + 3):
            log.log("m", value)
        assert [event["v"] for event in reader.read() if event["k"] == "log"] == [start, start + 1, start + 2]
        assert reader.read() == []
    log.close()


def test_another_reader_goes_on_from_a_cursor(tmp_path: Path) -> None:
    lines = [record("a", seq, seq) for seq in range(10)]
    layout = run_folder(tmp_path, {"a": b"".join(lines[:4])})
    first = EventReader(layout)
    assert read_all(first) == sequence("a", 4)
    cursor = json.loads(json.dumps(first.cursor))
    (layout.events / "a.jsonl").write_bytes(b"".join(lines))
    (layout.events / "b.jsonl").write_bytes(record("b", 0, 100))
    assert read_all(EventReader(layout, cursor)) == [*sequence("a", 10, 4), ("b", 0)]


def test_a_cursor_keeps_writers_that_are_not_seen_yet(tmp_path: Path) -> None:
    reader = EventReader(run_folder(tmp_path, {}), {"a": 100})
    assert reader.read() == []
    assert reader.cursor == {"a": 100}


def test_writers_are_merged_by_time_in_bounded_batches(tmp_path: Path) -> None:
    """Whatever the size of a batch: the same events in the same order, no writer's own order changed."""
    layout = run_folder(
        tmp_path,
        {
            "quick": b"".join(record("quick", seq, seq / 100) for seq in range(500)),
            "slow": b"".join(record("slow", seq, seq + 0.5) for seq in range(5)),
            "same": b"".join(record("same", seq, 2.0) for seq in range(50)),
            "late": record("late", 0, 9.0),
        },
    )
    whole = [event for events in EventReader(layout).batches() for event in events]
    assert [event["t"] for event in whole] == sorted(event["t"] for event in whole)
    for writer, count in (("quick", 500), ("slow", 5), ("same", 50), ("late", 1)):
        assert [event["s"] for event in whole if event["w"] == writer] == list(range(count))
    for max_bytes in (1, 100, 1000, 10_000):
        reader = EventReader(layout)
        batches = list(reader.batches(max_bytes))
        assert len(batches) > 556 * 60 / (4 * max(max_bytes, 60)) / 2
        assert [event["t"] for events in batches for event in events] == [event["t"] for event in whole]
        assert sum(reader.cursor.values()) == sum(path.stat().st_size for path in layout.events.iterdir())


def test_a_cursor_between_batches_of_several_writers_loses_and_repeats_nothing(tmp_path: Path) -> None:
    layout = run_folder(
        tmp_path,
        {
            "a": b"".join(record("a", seq, seq) for seq in range(60)),
            "b": b"".join(record("b", seq, seq * 3) for seq in range(20)),
        },
    )
    found: list[tuple[str, int]] = []
    cursor: dict[str, int] = {}
    while True:
        reader = EventReader(layout, cursor)  # a new one each time
        events = reader.read(150)
        if not events:
            break
        found += [(event["w"], event["s"]) for event in events]
        cursor = reader.cursor
    assert sorted(found) == sorted(sequence("a", 60) + sequence("b", 20))
    assert len(found) == len(set(found))


def test_a_record_longer_than_a_batch_comes_whole(tmp_path: Path) -> None:
    big = record("a", 1, 1, k="list", n="m", v=[0.5] * 100_000)
    layout = run_folder(tmp_path, {"a": record("a", 0, 0) + big + record("a", 2, 2)})
    assert read_all(EventReader(layout), 1000) == sequence("a", 3)


def test_a_lone_surrogate_in_a_text_is_read(tmp_path: Path) -> None:
    layout = run_folder(tmp_path, {"a": record("a", 0, 0, k="log", n="m", v="\ud800") + record("a", 1, 1)})
    assert [event["v"] for event in EventReader(layout).read()] == ["\ud800", 1]


def test_a_file_that_is_no_event_log_is_passed_over(tmp_path: Path) -> None:
    layout = run_folder(tmp_path, {"a": record("a", 0, 0)})
    (layout.events / ".nfs0001").write_text("?")
    (layout.events / "a.jsonl~").write_text("?")
    assert read_all(EventReader(layout)) == [("a", 0)]


# Damage (C2, C3)


def test_a_torn_tail_is_waited_for(tmp_path: Path) -> None:
    lines = [record("a", seq, seq) for seq in range(3)]
    layout = run_folder(tmp_path, {"a": b"".join(lines)[:-3]})
    path = layout.events / "a.jsonl"
    reader = EventReader(layout)
    assert read_all(reader) == sequence("a", 2)
    assert reader.damage == []
    (torn,) = reader.torn()
    assert (torn.file, torn.byte) == (path, len(lines[0]) + len(lines[1]))
    with path.open("ab") as file:
        file.write(lines[2][-3:])
    assert read_all(reader) == [("a", 2)]
    assert reader.torn() == []


def test_damage_at_the_end_is_told_once_also_by_who_reads_on(tmp_path: Path) -> None:
    lines = [record("a", seq, seq) for seq in range(2)]
    damaged = b"0" + lines[1][1:]
    layout = run_folder(tmp_path, {"a": lines[0] + damaged})
    reader = EventReader(layout)
    assert read_all(reader) == sequence("a", 1)
    assert len(reader.damage) == 1
    assert reader.torn() == []
    next_one = EventReader(layout, reader.cursor, reader.damage)
    assert read_all(next_one) == []
    assert next_one.damage == reader.damage


def test_the_same_writer_after_a_torn_line_costs_one_record(tmp_path: Path) -> None:
    lines = [record("a", seq, seq) for seq in range(4)]
    layout = run_folder(tmp_path, {"a": lines[0] + lines[1][:-3] + b"\n" + lines[2] + lines[3]})
    reader = EventReader(layout)
    assert read_all(reader) == [("a", 0), ("a", 2), ("a", 3)]
    (damage,) = reader.damage
    assert str(damage).startswith(f"1 damaged record at byte {len(lines[0])} of a.jsonl: wrong checksum")


@pytest.mark.parametrize("length", [1, 4096])
def test_damage_in_the_middle_costs_what_it_covers(length: int, tmp_path: Path) -> None:
    lines = [record("a", seq, seq) for seq in range(500)]
    data = bytearray(b"".join(lines))
    at = len(data) // 2
    data[at : at + length] = bytes(length)
    layout = run_folder(tmp_path, {"a": bytes(data)})
    reader = EventReader(layout)
    starts = [sum(map(len, lines[:seq])) for seq in range(500)]
    spared = [seq for seq, start in enumerate(starts) if start + len(lines[seq]) <= at or start >= at + length]
    assert read_all(reader) == [("a", seq) for seq in spared]
    (damage,) = reader.damage
    assert damage.byte == max(start for start in starts if start <= at)


def test_a_huge_hole_is_out_of_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes without a newline, more than any record has, don't fill the memory and don't hide what follows."""
    monkeypatch.setattr("cellrun.core.store.events.event_tail.LONGEST_LINE_BYTES", 1 << 20)
    layout = run_folder(tmp_path, {"a": record("a", 0, 0)})
    path = layout.events / "a.jsonl"
    with path.open("r+b") as file:
        file.truncate(1 << 26)
        file.seek(0, 2)
        file.write(b"\n" + record("a", 1, 1))
    reader = EventReader(layout)
    assert read_all(reader, 1 << 16) == sequence("a", 2)
    assert reader.damage[0].byte == len(record("a", 0, 0))


values = st.integers(0, 2**60) | st.floats(allow_nan=False) | st.text(max_size=20)


@settings(max_examples=60)
@given(st.data())
def test_any_growth_is_read_whole_and_in_order(data: st.DataObject) -> None:
    """Files that grow by random pieces between reads of random sizes."""
    counts = data.draw(st.dictionaries(st.sampled_from("abc"), st.integers(0, 6), min_size=1))
    with tempfile.TemporaryDirectory() as folder:
        layout = run_folder(Path(folder), dict.fromkeys(counts, b""))
        left = {writer: b"".join(record(writer, seq, seq) for seq in range(n)) for writer, n in counts.items()}
        reader = EventReader(layout)
        found: list[tuple[str, int]] = []
        while any(left.values()):
            writer = data.draw(st.sampled_from([writer for writer, rest in left.items() if rest]))
            size = data.draw(st.integers(30, 300))
            with (layout.events / f"{writer}.jsonl").open("ab") as file:
                file.write(left[writer][:size])
            left[writer] = left[writer][size:]
            found += read_all(reader, data.draw(st.integers(1, 300)))
            if data.draw(st.booleans()):
                reader = EventReader(layout, reader.cursor)
        assert reader.damage == reader.torn() == []
        for writer, count in counts.items():
            assert [seq for who, seq in found if who == writer] == list(range(count))


@settings(max_examples=60)
@given(st.data())
def test_any_damage_costs_only_what_it_touches(data: st.DataObject) -> None:
    """Random bytes changed anywhere: every event that comes out is one that went in, and untouched lines all do."""
    count = data.draw(st.integers(1, 15))
    lines = [record("a", seq, seq, k="log", n="m", v=data.draw(values)) for seq in range(count)]
    changed = bytearray(b"".join(lines))
    touched = data.draw(st.sets(st.integers(0, len(changed) - 1), min_size=1, max_size=4))
    for at in touched:
        changed[at] = data.draw(st.integers(0, 255).filter(lambda byte, at=at: byte != changed[at]))
    spared, start = [], 0
    for line in lines:
        # A newline that was changed joins its line to the next.
        if not touched & set(range(max(0, start - 1), start + len(line))):
            spared.append(json.loads(line[9:]))
        start += len(line)
    with tempfile.TemporaryDirectory() as folder:
        reader = EventReader(run_folder(Path(folder), {"a": bytes(changed)}))
        found = [event for events in reader.batches(data.draw(st.integers(1, 1000))) for event in events]
        written = [json.loads(line[9:]) for line in lines]
        assert all(event in written for event in found)
        assert [event for event in found if event in spared] == spared
        assert len(found) == count or reader.damage or reader.torn()


@pytest.mark.parametrize("part", ["[],", "{},", '{"float":"NaN"},'])
def test_what_would_fill_the_memory_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """One of the largest size would take two gigabytes, and ten seconds in which no other thread does anything."""
    monkeypatch.setattr(json_reading, "MOST_BRACKETS", 1000)
    body = '{"w":"a","s":1,"t":1.0,"k":"new","x":[' + part * 999 + "0]}"
    text = record("a", 2, 2, k="log", n="m", v='"[\\' * 5000)
    lines = (record("a", 0, 0), seal(body.encode()), text, record("a", 3, 3))
    reader = EventReader(run_folder(tmp_path, {"a": b"".join(lines)}))
    assert [event["s"] for event in reader.read()] == [0, 2, 3]
    (damage,) = reader.damage
    assert damage.byte == len(lines[0])
