"""Lives of runs as frames tell of them, for tests of the front end: `python -m tests.core.live.frame_lives` records.

Each is lived by a real run folder, looked at by a real feed whose limits are small, so that little data passes them.
"""

import json
import sys
import tempfile
from base64 import b64encode
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

from cellrun.core.layout import WorkspaceLayout
from cellrun.core.live import feed as feeds
from cellrun.core.live import log_window, track
from cellrun.core.live.feed import Feed
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.live.throttle import Throttle
from cellrun.core.runs.logged_document import document_bytes
from cellrun.core.store.events.event_log import EventLog
from cellrun.core.store.record import RunRecord
from cellrun.core.store.run_store import RunStore
from cellrun.core.store.status import Status, StatusFile

ANEW = ".venv/bin/python -m tests.core.live.frame_lives"
FILE = Path(__file__).parents[2] / "data" / "frames.json"
ABOUT = [
    "What views are told of some runs' lives: recorded from Python's feed, applied by TypeScript's run state.",
    f"Recorded anew by {ANEW}",
    "frames: as a kernel sends them, buffers in base64; what is lost on its way is marked.",
    "state: all that a view holds at the end.",
]
SMALL = ((feeds, "POINTS", 60), (feeds, "IMAGE_BYTES", 300), (log_window, "PART_BYTES", 200), (track, "TABLE_ROWS", 6))
GROWING = ("elapsed_s", "log_size")  # of the header: told when the rest of it is news
TIMES = ("created_at", "started_at", "ended_at", "elapsed_s")


class Life:
    """A run, its feed, and what was recorded of the frames; a clock of its own."""

    def __init__(self, folder, *, is_lossless=False, **fields):
        workspace = WorkspaceLayout(folder / "workspace")
        workspace.folder.mkdir()
        workspace.record.write_text(json.dumps({"id": "w1", "name": "mine", "version": 1}))
        made = {"experiment": "example", "kind": "interactive", "workspace_id": "w1", "id": "r1", **fields}
        self.layout = RunStore(workspace).create(RunRecord(**made), fill=lambda layout: None)
        self.events = self.log(0)
        self.status = StatusFile(self.layout)
        self.frames = []
        self.last_lines = []
        self._poller = RunPoller(self.layout)
        self._feed = Feed(self._poller.read_log, self._poller.read_image, Throttle(is_lossless=is_lossless))
        self._now = 0.0

    def log(self, attempt=0, rank=None):
        """Return what another start of the run, or another process of it, logs to."""
        return EventLog(self.layout, attempt, rank)

    def file(self, path, data):
        """Write one of the run's files."""
        whole = self.layout.files / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(data)

    def print(self, data):
        """Add to the run's log."""
        with self.layout.log.open("ab") as log:
            log.write(data)

    def look(self, *, lost=False):
        """Look, some time later, and record the frame that is told."""
        self._now += 0.15
        self._feed.take(self._poller.poll())
        self._record(self._feed.frame(self._now), lost)

    def ask(self):
        """Have the page ask that lacks frames, and get all in the next one."""
        self._feed.hello(-1)
        self.look()

    def come_late(self):
        """Forget what was recorded, for a page that comes now and is told all by a frame of its own."""
        self.frames = []
        self._record(self._feed.present(), lost=False)

    def state(self):
        """Return what the feed believes that a view holds."""
        content, buffers = self._feed.present().message()
        numbers = [b64encode(buffer).decode() for buffer in buffers]

        def buffer(part):
            return None if part["buffer"] is None else numbers[part["buffer"]]

        return {
            "header": {name: value for name, value in _steady(content["header"]).items() if name not in GROWING},
            "metrics": [
                {**metric, "columns": [{**column, "buffer": buffer(column)} for column in metric["columns"]]}
                for metric in content["metrics"]
            ],
            "log": {**content["log"], "buffer": buffer(content["log"]), "last_lines": self.last_lines},
            "images": [{**image, "buffer": buffer(image)} for image in content["images"]],
        }

    def _record(self, frame, lost):
        if frame is None:
            return
        if not self.frames:
            self._feed.hello(frame.number)  # or all would be told again and again, until a page is heard
        content, buffers = frame.message()
        if "header" in content:
            content["header"] = _steady(content["header"])
        told = {"content": content, "buffers": [b64encode(buffer).decode() for buffer in buffers]}
        self.frames.append({**told, "lost": True} if lost else told)


def _steady(header):
    """Return a header with the same times at each recording."""
    times = {name: 1000.0 + place for place, name in enumerate(TIMES) if header[name] is not None}
    return json.loads(json.dumps({**header, **times}))


def _even(number):
    """Return one of a few hundred numbers without an order, exact as a float."""
    return (number * 7919 % 1009) / 8


def values(folder):
    """Values one by one: numbers, steps, text, and what JSON has no number for."""
    life = Life(folder)
    life.events.log("loss", 0.5)
    life.events.log("phase", "warm-up")
    life.look()
    life.events.log("loss", float("nan"))
    life.events.log("loss", float("inf"), step=10)
    life.events.log("ok", True)
    life.events.log("large", 2**70)
    life.look()
    for step in range(20, 26):
        life.events.log("loss", step / 7, step=step)
        life.events.log("step", step)
        life.look()
    life.events.log("__proto__", 1)
    life.events.log("ok", "no")
    life.look()
    return life


def rows(folder):
    """Rows, lists and tables: a column that comes later, text among numbers, an x that turns."""
    life = Life(folder)
    life.look()
    for x in range(4):
        life.events.row("sine", {"x": x, "y": x / 2})
        life.look()
    life.events.row("sine", {"x": 4, "y": 2.5, "z": -1})
    life.events.list_("weights", [1, 2.5, None])
    life.look()
    life.events.list_("weights", [4])
    life.events.table("classes", {"name": ["cat", "dog"], "found": [3, 4.5]})
    life.look()
    life.events.table("classes", {"name": ["owl"] * 9, "found": list(range(9))})
    for x in (1, 3, 2):
        life.events.row("circle", {"x": x, "y": x * x})
        life.look()
    life.events.log("mixed", 1)
    life.events.row("mixed", {"mixed": 2, "other": "three"})
    life.look()
    return life


def thinned(folder):
    """More points than are drawn, with gaps, also of many columns; and more metrics than that each gets all."""
    life = Life(folder)
    life.look()
    for start in range(0, 300, 30):
        for number in range(start, start + 30):
            life.events.log("loss", float("nan") if number % 50 < 3 else _even(number))
            life.events.row("wide", {"x": number, **{f"y{column}": _even(number + column) for column in range(9)}})
        life.look()
    life.events.list_("all at once", [_even(number) for number in range(500)])
    life.look()
    return life


def ranks(folder):
    """A metric of several processes, of which one lags behind; another of one process alone."""
    life = Life(folder)
    life.look()
    first, second = life.log(rank=0), life.log(rank=1)
    first.log("loss", 3.0)
    first.log("best", 1.0)
    life.look()
    for value in (2.5, 2.0, 1.5):
        first.log("loss", value)
    second.log("loss", 4.0)
    life.look()
    second.log("loss", 3.5)
    life.look()
    second.log("loss", 3.0)
    life.log(rank=2).log("loss", 9.0)
    life.look()
    return life


def attempts(folder):
    """A run that its engine started again: its steps begin anew."""
    life = Life(folder)
    for step in range(3):
        life.events.log("loss", 1 / 2**step, step=step)
        life.events.row("curve", {"x": step, "y": step})
    life.look()
    again = life.log(attempt=1)
    for step in range(2):
        again.log("loss", 1 / 2**step, step=step)
        again.row("curve", {"x": step, "y": step})
        life.look()
    return life


def printed(folder):
    """A log with bars, colours, a letter cut in two, a stretch of which the end alone is told, and no last line."""
    life = Life(folder)
    life.print(b"begin\n 10%|#  |")
    life.look()
    life.print(b"\r 50%|## |\r100%|###|\n\x1b[31mred\x1b[0m and \x1b[1;44mmore\n")
    life.look()
    life.print("Gr\u00fc".encode()[:-1])
    life.look()
    life.print("\u00fc\u00dfe \u65e5\u672c\n".encode()[1:])
    life.look()
    life.print(b"".join(b"line %d\n" % number for number in range(60)))
    life.look()
    life.print(b"back\x08\x08\x08\x08gone\n\x1b[2K\x1b]0;title\x07half a line")
    life.look()
    life.print(b", and the rest")
    life.look()
    life.last_lines = ["line 59", "gone", "half a line, and the rest"]
    return life


def shown(folder):
    """Images and pages: one that is written again, one too large to come by itself, a document."""
    life = Life(folder)
    life.file("plot.png", b"\x89PNG one")
    life.events.image("plot", "plot.png")
    life.look()
    life.file("displayed/1.html", b"<p>one")
    life.events.page("page", "displayed/1.html")
    life.file("large.png", b"\x89PNG" * 100)
    life.events.image("large", "large.png")
    life.look()
    life.file("displayed/1.html", b"<p>two")
    life.events.page("page", "displayed/1.html")
    life.look()
    life.file("matrix.json", document_bytes("matrix", {"data": {"matrix": [[1, 0], [0, 2]]}}, "confusion_matrix"))
    life.events.image("matrix", "matrix.json")
    life.events.image("gone", "gone.png")
    life.look()
    life.ask()
    return life


def changing(folder):
    """A run's way from its start to its failure, with tags, a name, and its last words."""
    life = Life(folder, display_name="first", parameters={"a": "1"}, argv=["train.py", "--a", "1"], script="train.py")
    life.look()
    life.status.change(Status.RUNNING)
    life.look()
    life.events.tag("lr", "0.1")
    life.events.tag("good", None)
    life.look()
    life.events.untag("lr")
    life.events.rename("second")
    life.look()
    life.events.log("loss", 1.0)
    life.look()
    reason = "exit status 1: ValueError: no"
    tail = 'Traceback (most recent call last):\n  File "train.py", line 4, in train\nValueError: no'
    life.status.change(Status.FAILED, reason=reason, traceback_tail=tail, last_line="ValueError: no")
    life.look()
    life.look()
    return life


def lost(folder):
    """Frames that don't arrive: what was told by them comes once the page has asked."""
    life = Life(folder)
    life.look()
    for value in range(4):
        life.events.log("loss", value / 4)
        life.print(b"line %d\n" % value)
        life.look(lost=value in (2, 3))
    life.file("plot.png", b"\x89PNG one")
    life.events.image("plot", "plot.png")
    life.look(lost=True)
    life.events.row("sine", {"x": 1, "y": 2})
    life.look()
    life.ask()
    life.events.row("sine", {"x": 2, "y": 3})
    life.look()
    return life


def late(folder):
    """A page that comes to a run which others watch, by the server's stream: all by one frame, then what is new."""
    life = Life(folder, is_lossless=True)
    life.file("plot.png", b"\x89PNG one")
    life.events.image("plot", "plot.png")
    for number in range(150):
        life.events.log("loss", _even(number))
    life.print(b"one\ntwo\n")
    life.look()
    life.come_late()
    for number in range(150, 153):
        life.events.log("loss", _even(number))
        life.print(b"more\n")
        life.look()
    life.status.change(Status.COMPLETED)
    life.look()
    return life


LIVES = (values, rows, thinned, ranks, attempts, printed, shown, changing, lost, late)


def recorded():
    """Return what the file is to hold."""
    with ExitStack() as limits:
        for module, name, value in SMALL:
            limits.enter_context(mock.patch.object(module, name, value))
        return {"about": ABOUT, "lives": [_recorded(life) for life in LIVES]}


def _recorded(make):
    with tempfile.TemporaryDirectory() as folder:
        life = make(Path(folder))
        life.events.close()
        return {"title": make.__doc__.rstrip("."), "frames": life.frames, "state": life.state()}


def text(content):
    """Return it as the file has it: a line for each frame."""
    lives = ",\n".join(
        f'{{"title": {json.dumps(life["title"])},\n"frames": [\n{_lines(life["frames"])}],\n'
        f'"state": {json.dumps(life["state"])}}}'
        for life in content["lives"]
    )
    return f'{{"about": [\n{_lines(content["about"])}],\n"lives": [\n{lives}\n]}}\n'


def _lines(parts):
    return ",\n".join(map(json.dumps, parts))


if __name__ == "__main__":
    FILE.write_text(text(recorded()))
    sys.stdout.write(f"{FILE.name}: {FILE.stat().st_size} bytes\n")
