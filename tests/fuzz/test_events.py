"""The reader of events, and all who read through it: any bytes, and whole lines that hold anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cellrun.core.errors import UserErrorException
from cellrun.core.layout import RunLayout
from cellrun.core.live.feed import Feed
from cellrun.core.live.metric_window import window
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.store.events.event_line import open_line, seal
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.events.metrics import Metrics
from cellrun.core.store.events.reader import EventReader
from cellrun.core.store.events.summary import listed_summary, run_summary
from cellrun.core.store.lists.index import Index
from tests.fuzz.any_json import BYTE_EDITS, JSON_EDITS, TEXTS, VALUES, almost, changed_bytes
from tests.fuzz.effort import effort

NAMES = st.sampled_from(["loss", "step", "time", "", "__proto__", "sine", "x"]) | TEXTS
CELLS = st.sampled_from([0, -1, 1.5, True, "x", None, {"float": "NaN"}, {"float": "-Infinity"}, {"int": "9" * 30}])
COUNT = st.integers(0, 3)


@st.composite
def events(draw: st.DrawFn) -> Any:
    """Something like an event of any kind: often right."""
    kind = draw(
        st.sampled_from(
            ["log", "log", "row", "list", "table", "image", "page", "file", "tag", "untag", "property", "name"]
        )
    )
    values: dict[str, st.SearchStrategy[Any]] = {
        "w": st.sampled_from(["a", "b"]),
        "s": COUNT,
        "t": st.sampled_from([0.0, 1.0, 1e9, 1e300, -5.0]) | st.floats(allow_nan=False, allow_infinity=False),
        "n": NAMES,
        "v": st.lists(CELLS, min_size=1, max_size=4) if kind == "list" else CELLS,
        "c": st.dictionaries(NAMES, st.lists(CELLS, min_size=2, max_size=2) if kind == "table" else CELLS, max_size=3),
        "i": COUNT | st.none() | st.floats(),
        "f": NAMES | st.just("outputs/../../x.png"),
        "bytes": COUNT,
    }
    keys = {
        "log": "nvi",
        "row": "nc",
        "table": "nc",
        "list": "nv",
        "name": "v",
        "tag": "nv",
        "untag": "n",
        "property": "nv",
    }
    own = keys.get(kind) or ["n", "f", "bytes"]
    event = {"k": kind, **{key: draw(values[key]) for key in ("w", "s", "t", *own)}}
    return event if draw(st.booleans()) else almost(event, draw(JSON_EDITS))


LINES = st.one_of(
    events().map(lambda event: seal(json.dumps(event).encode())),
    VALUES.map(lambda value: seal(json.dumps(value).encode())),
    st.binary(max_size=30).map(seal),
    st.binary(max_size=30),
    st.sampled_from([b"\n", b"00000000 \n", b"\xff\xfe\n", seal(b"[" * 5000), seal(b"1e999"), seal(b'{"k":1e999}')]),
)


def look_at(layout: RunLayout) -> None:
    """Read a run as everybody does: its metrics, its summary, its row, its view, its charts."""
    metrics = Metrics(EventReader(layout))
    metrics.update()
    json.dumps(metrics.plain())
    for name, metric in metrics.metrics.items():
        for x in (None, "step", "time", name):
            try:
                json.dumps(window(metric, x=x, points=5), allow_nan=False)
            except UserErrorException:  # it has no such x, or it is no number
                assert x is not None
    json.dumps([metric.head.to_json() for metric in metrics.metrics.values()], allow_nan=False)
    json.dumps(run_summary(layout).to_json(), allow_nan=False)
    json.dumps(listed_summary(layout, has_ended=True).to_json())
    (row,) = Index(layout.workspace).runs()
    json.dumps(row.to_json(), allow_nan=False)
    poller = RunPoller(layout)
    feed = Feed(poller.read_log, poller.read_image)
    feed.take(poller.poll())
    message, _ = feed.whole(0).message()
    json.dumps(message, allow_nan=False)


def put(layout: RunLayout, files: dict[str, bytes]) -> None:
    """Let a run have these files of events, and nothing that sums them up."""
    for folder in (layout.events, layout.summaries):
        for path in folder.iterdir():
            path.unlink()
    for name, data in files.items():
        (layout.events / f"{name}.jsonl").write_bytes(data)


@given(files=st.dictionaries(st.sampled_from(["a", "b", "c d"]), st.lists(LINES, max_size=8).map(b"".join), max_size=2))
@example(files={"a": bytes(5000)})
@effort(80)
def test_whatever_stands_in_its_files_a_run_is_shown(layout: RunLayout, files: dict[str, bytes]) -> None:
    put(layout, files)
    look_at(layout)


@pytest.fixture
def real(layout: RunLayout) -> bytes:
    """A log with all kinds of events."""
    log = EventLog(layout, rank=1)
    for step in range(8):
        log.log("loss", 1 / (step + 1), step=step)
    log.log("loss", float("nan"))
    log.row("sine", {"x": 1, "y": "\ud800"})
    log.list_("many", [1, 2.5, None, 2**60])
    log.table("t", {"a": [1, 2], "b": [True, "x"]})
    log.image("i", "outputs/i.png")
    log.file("outputs/i.png", 17)
    log.tag("kept", "yes")
    log.rename("a name")
    log.close()
    (path,) = layout.events.iterdir()
    return path.read_bytes()


@given(data=st.data())
@effort(40)
def test_damage_to_a_log_costs_what_it_touches(layout: RunLayout, real: bytes, data: st.DataObject) -> None:
    changed = changed_bytes(real, data.draw(BYTE_EDITS))
    put(layout, {"a": changed})
    look_at(layout)
    whole = [json.loads(body) for line in changed.split(b"\n")[:-1] if (body := open_line(line))]
    reader = EventReader(layout)
    found = [event for batch in reader.batches(data.draw(st.sampled_from([1, 100, 1 << 20]))) for event in batch]
    assert found == whole
    lines, end = changed.split(b"\n")[:-1], changed.rpartition(b"\n")[2]
    assert len(reader.damage) == sum(bool(line) and open_line(line) is None for line in lines)
    assert len(reader.torn()) == bool(end)


@given(data=st.data())
@effort(25)
def test_a_log_that_grows_while_it_is_read_is_read_once(layout: RunLayout, real: bytes, data: st.DataObject) -> None:
    cuts = sorted(place % len(real) for place in data.draw(st.lists(st.integers(0, 10_000), max_size=6)))
    put(layout, {"a": b""})
    reader, found = EventReader(layout), []
    for end in (*cuts, len(real)):
        (layout.events / "a.jsonl").write_bytes(real[:end])
        found += [
            event["s"] for batch in reader.batches(data.draw(st.sampled_from([1, 300, 1 << 20]))) for event in batch
        ]
        if data.draw(st.booleans()):
            reader = EventReader(layout, reader.cursor)
    assert found == [json.loads(line[9:])["s"] for line in real.splitlines()]
