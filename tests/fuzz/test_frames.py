"""What comes of a run elsewhere: any bytes and any frames change nothing but that run's files that come from there."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cellrun.core.errors import RunClosedError
from cellrun.core.layout import RunLayout
from cellrun.core.mirror.frame import Frame, FrameKind, FrameReader, encode, from_line
from cellrun.core.mirror.frame_errors import FrameError, FramesError
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.sync_modes import SyncMode, mode_of
from cellrun.core.store.status import Status, StatusFile
from tests.fuzz.any_json import BYTE_EDITS, TEXTS, VALUES, changed_bytes
from tests.fuzz.effort import effort
from tests.fuzz.test_events import LINES, look_at

KEY = b"k" * 32
SENT = b"".join(encode(Frame("r", FrameKind.BYTES, "user_logs/std_log.txt", n, b"x"), KEY) for n in range(4))
BODIES = st.one_of(
    st.binary(max_size=60),
    st.lists(LINES, max_size=5).map(b"".join),
    BYTE_EDITS.map(lambda edits: changed_bytes(SENT, edits)),
    VALUES.map(lambda value: encode(Frame("r", FrameKind.BYTES, facts={"x": str(value)[:50]}), KEY)),
)
"""What a request may bring."""
FILES = st.sampled_from(
    [
        *("events/6099ee4d.jsonl", "user_logs/std_log.txt", "status/1.json", "status/2.json", "notes.jsonl"),
        *("environment.json", "results/context.json", "results/context.sig", "work/outputs/a", "work/outputs/a/b"),
        *("files/x", "files/../run.json", "run.json", "launch.json", "target.json", "requests/cancel.json"),
        *("snapshot/train.py", "context/context.json", "process.json", "arriving/came.jsonl", "arriving.lock"),
        *("status/reserve-1", "summary/6099ee4d.json", "/etc/passwd", "../other/run.json", "work/outputs/\0"),
        *("events/../run.json", f"values/{'0' * 64}", "values/../../x", "work", "events", "", ".", "notes.jsonl/x"),
    ]
)
WHOLE = st.sampled_from([{"size": 3, "mtime_ns": 5}, {"size": 0, "mtime_ns": 0}, {"size": 9, "mtime_ns": 2**62}])
FACTS = st.one_of(WHOLE, WHOLE, st.dictionaries(st.sampled_from(["size", "mtime_ns", "sizes", "count", "now"]), VALUES))
STATUS = b'{"status": "Running", "at": 1.0, "reason": null, "fields": {"owner": 1}, "started_at": null}'


@st.composite
def frames(draw: st.DrawFn) -> tuple[FrameKind, str, int, bytes, Any]:
    """Something like a frame of a run."""
    kind = draw(st.sampled_from([FrameKind.BYTES, FrameKind.BYTES, FrameKind.BYTES, FrameKind.SIZES, FrameKind.BEAT]))
    data = draw(st.sampled_from([b"", b"abc", b"abc\n", STATUS]) | st.binary(max_size=20) | LINES)
    whole = {"size": len(data), "mtime_ns": draw(st.integers(0, 3))}
    return kind, draw(FILES | TEXTS), draw(st.sampled_from([0, 0, 0, 3, 2**61])), data, draw(FACTS | st.just(whole))


@given(parts=st.lists(st.lists(frames(), max_size=6), max_size=3))
@effort(80)
def test_any_frames_change_nothing_but_what_comes_from_there(layout: RunLayout, parts: list[list[Any]]) -> None:
    if StatusFile(layout).read().status is Status.NOT_STARTED:
        StatusFile(layout).change(Status.RUNNING)
    before = ours(layout)
    for part in parts:
        with suppress(FramesError, RunClosedError):
            Receiver(layout).take(Frame(layout.run_id, *each) for each in part)
    after = ours(layout)
    assert {path: after.get(path) for path in before} == before
    assert {path for path in after.keys() - before.keys() if "arriving" not in path.parts[-2:-1]} <= allowed(layout)
    look_at(layout)


@given(data=BODIES, cuts=st.lists(st.integers(0, 300), max_size=4))
@effort(60)
def test_any_bytes_are_frames_as_they_were_sent_or_refused(data: bytes, cuts: list[int]) -> None:
    sent = list(FrameReader(lambda _: KEY).feed(SENT))
    reader = FrameReader(lambda run: KEY if run == "r" else None)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    found = []
    with suppress(FrameError):
        for start, end in pairwise(edges):
            found += reader.feed(data[start:end])
    assert all(each in sent or each.file == "" for each in found)
    from_line(data, lambda _: KEY)


def ours(layout: RunLayout) -> dict[Path, bytes]:
    """Return the files of the workspace, and beside it, that never come from there."""
    found = {}
    for folder, _, names in os.walk(layout.workspace.folder.parent):
        for name in names:
            path = Path(folder, name)
            if path.is_relative_to(layout.arriving):  # what the receiving end keeps of those before
                continue
            is_below = path.is_relative_to(layout.folder)
            if not is_below or mode_of(path.relative_to(layout.folder).as_posix()) is SyncMode.OURS:
                found[path] = path.read_bytes()
    return {path: data for path, data in found.items() if path.name not in {"changes", "lock"}}


def allowed(layout: RunLayout) -> set[Path]:
    """Return what may be made meanwhile: the lock, summaries, and the signature of results by whoever received them."""
    return {layout.arriving_lock, layout.results / "context.sig", layout.summaries / "6099ee4d.json"}
