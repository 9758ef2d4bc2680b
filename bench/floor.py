"""The physical reference: the least that a log which survives a kill can cost to write and to read.

Written: json.dumps of the event, a crc32, one os.write of the line to an O_APPEND file. Read: seek to where one was,
check and parse the whole lines from there.
"""

import json
import os
import time
import zlib


class FloorLogger:
    """Writes events to `<folder>/events.jsonl`."""

    def __init__(self, folder):
        self.fd = os.open(folder / "events.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.seq = 0

    def log(self, name, value):
        self.write({"n": name, "v": value})

    def log_row(self, name, **columns):
        self.write({"n": name, "c": columns})

    def log_list(self, name, values):
        self.write({"n": name, "v": values})

    def write(self, event):
        body = json.dumps({"w": "w0", "s": self.seq, "t": time.time(), **event}).encode()
        os.write(self.fd, b"%08x %s\n" % (zlib.crc32(body), body))
        self.seq += 1

    def close(self):
        os.close(self.fd)


class FloorReader:
    """Reads what FloorLogger wrote, from a byte offset on."""

    def __init__(self, folder):
        self.path = folder / "events.jsonl"
        self.offset = 0
        self.points = []

    def read(self):
        """Read what is new; return how many points are known."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            while block := file.read(1 << 20):
                whole = block.rfind(b"\n") + 1
                file.seek(whole - len(block), os.SEEK_CUR)
                self.offset += whole
                for line in block[:whole].splitlines():
                    if int(line[:8], 16) == zlib.crc32(line[9:]):
                        event = json.loads(line[9:])
                        self.points.append((event["s"], event["v"]))
        return len(self.points)
