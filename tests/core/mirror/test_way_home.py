"""E1, E3: however frames come, files here are those there, and each status is applied once and in order."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellrun.core.errors import RunClosedError
from cellrun.core.mirror.frame import Frame, FrameReader, encode, from_line, to_line
from cellrun.core.mirror.frame_errors import GapError
from cellrun.core.mirror.receiver import Receiver
from cellrun.core.mirror.sender import Sender
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.notes import add_note, added_notes
from cellrun.core.store.status import Status, StatusFile
from tests.core.mirror.two_sides import TwoSides

KEY = bytes(32)


def a_training(sides: TwoSides, dice: random.Random) -> Iterator[None]:
    """Let a run write what runs write, a bit at a time."""
    log = EventLog(sides.there)
    for step in range(8):
        for _ in range(dice.randint(0, 40)):
            log.log("loss", dice.random())
        sides.append("user_logs/std_log.txt", dice.randbytes(dice.randint(0, 3000)))
        if step == 2:
            sides.write("environment.json", b'{"packages": {}}')
            sides.write("work/outputs/plot.png", dice.randbytes(700))
            log.image("plot", "outputs/plot.png")
        if step == 4:
            StatusFile(sides.there).change(Status.NOT_RESPONDING, reason="its process is stopped")
            add_note(sides.there, "a value isn't kept")
        if step == 5:
            StatusFile(sides.there).change(Status.RUNNING)
            sides.write("environment.json", b'{"packages": {"numpy": "2.1"}}')
        yield
    log.close()
    sides.write("work/outputs/model.bin", dice.randbytes(dice.randint(0, 20_000)))
    sides.write("work/outputs/empty", b"")
    sides.write("work/logs/tf/events.out", dice.randbytes(300))
    sides.write("files/b\udcff\u00fc.txt", b"named as no text is")
    StatusFile(sides.there).change(Status.FINALIZING)
    StatusFile(sides.there).change(Status.COMPLETED, exit_code=0)
    yield


def by_wire(frames: list[Frame], dice: random.Random) -> list[Frame]:
    """Return frames as they come out of a stream in pieces of any size, or of lines."""
    if dice.random() < 0.3:
        return [frame for each in frames if len(each.data) < 3600 and (frame := from_line(to_line(each, KEY), _key))]
    stream, reader, found = b"".join(encode(each, KEY) for each in frames), FrameReader(_key), []
    while stream:
        size = dice.randint(1, 4000)
        found += reader.feed(stream[:size])
        stream = stream[size:]
    return found


def _key(_: str) -> bytes:
    return KEY


@given(seed=st.integers(0, 2**32), loss=st.floats(0, 0.6), order=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_lost_repeated_reordered_or_cut_the_files_are_the_same(seed: int, loss: float, order: bool) -> None:
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        sides = TwoSides.made(Path(folder))
        sent: list[Frame] = []
        sender, work = Sender(sides.there, block_bytes=900), a_training(sides, dice)
        is_going_on = True
        for _ in range(200):
            is_going_on = next(work, "over") is None
            if dice.random() < 0.2:  # it was started again
                sender = Sender(sides.there, block_bytes=900)
            frames = by_wire(list(sender.frames(is_final=False, most_bytes=dice.randint(1, 20_000))), dice)
            sent += frames
            coming = [frame for frame in frames if dice.random() >= loss or not is_going_on]
            coming += dice.choices(sent, k=dice.randint(0, 3))
            if order:
                dice.shuffle(coming)
            receiver = Receiver(sides.here, 0.0)
            before = {
                path: data for path, data in sides.here_are().items() if path.startswith(("events/", "user_logs"))
            }
            try:
                receiver.take(coming)
            except GapError as gap:
                sender.rewind(gap.expected)
            except RunClosedError:
                break
            if dice.random() < 0.3:
                with suppress(RunClosedError):
                    sender = Sender(sides.there, receiver.have(), block_bytes=900)
            there = sides.there_are()
            for path, data in sides.here_are().items():
                if path in before:
                    assert data.startswith(before[path])
                if path.startswith(("events/", "user_logs")):
                    assert there[path].startswith(data), path
        assert StatusFile(sides.here).read().status is Status.COMPLETED
        assert sides.here_are() == sides.there_are()
        assert added_notes(sides.here) == ["a value isn't kept"]
        assert sides.history() == [
            ("Running", None),
            ("NotResponding", "its process is stopped"),
            ("Running", None),
            ("Finalizing", None),
            ("Completed", None),
        ]
        assert not sides.here.arriving.exists()
