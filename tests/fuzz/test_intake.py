"""What a job elsewhere sends for its run: any bytes add whole lines, or nothing."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from cellrun.core.errors import IntakeError
from cellrun.core.layout import RunLayout
from cellrun.core.status import Status
from cellrun.core.store.events.event_line import open_line
from cellrun.core.store.intake.intake import Intake
from cellrun.core.store.status_file import StatusFile
from tests.core.store.intake.test_intake import line
from tests.fuzz.any_json import BYTE_EDITS, TEXTS, VALUES, changed_bytes
from tests.fuzz.effort import effort
from tests.fuzz.test_events import LINES, look_at

SENT = b"".join(map(line, range(6)))
BODIES = st.one_of(
    st.binary(max_size=60),
    st.lists(LINES, max_size=5).map(b"".join),
    BYTE_EDITS.map(lambda edits: changed_bytes(SENT, edits)),
    VALUES.map(lambda value: json.dumps(value).encode()),
)
"""What a request may bring."""


@given(parts=st.lists(BODIES, max_size=3), after=st.dictionaries(TEXTS, st.integers(-1, 5), max_size=2))
@effort(60)
def test_any_bytes_at_the_door_add_whole_lines_or_nothing(
    layout: RunLayout, parts: list[bytes], after: dict[str, int]
) -> None:
    for folder in (layout.events, layout.summaries):
        for path in folder.iterdir():
            path.unlink()
    if StatusFile(layout).read().status is Status.NOT_STARTED:
        StatusFile(layout).change(Status.RUNNING)
    intake = Intake(layout)
    for data in parts:
        before = {path.name: path.read_bytes() for path in layout.events.iterdir()}
        try:
            intake.events(data, after)
        except IntakeError:
            assert {path.name: path.read_bytes() for path in layout.events.iterdir()} == before
    for path in layout.events.iterdir():
        assert all(open_line(each) for each in path.read_bytes().split(b"\n")[:-1])
    look_at(layout)


@given(offset=st.integers(-2, 70) | st.just(10**30), data=st.binary(max_size=40))
@effort(30)
def test_any_bytes_of_a_log_join_it_or_nothing_does(layout: RunLayout, offset: int, data: bytes) -> None:
    before = layout.log.read_bytes() if layout.log.exists() else b""
    if StatusFile(layout).read().status is Status.NOT_STARTED:
        StatusFile(layout).change(Status.RUNNING)
    try:
        size = Intake(layout).log(offset, data)
    except IntakeError:
        assert (layout.log.read_bytes() if layout.log.exists() else b"") == before
    else:
        after = layout.log.read_bytes()
        assert (len(after), after[: len(before)], after[offset : offset + len(data)]) == (size, before, data)
