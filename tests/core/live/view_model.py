"""What a front end holds after the frames it got: the contract of the wire, in a few lines of Python."""

import numpy as np


class ViewModel:
    """Applies frames as the view does; refuses what doesn't fit."""

    def __init__(self):
        self.number = -1
        self.header = {}
        self.columns = {}  # metric -> column -> numbers
        self.metrics = {}
        self.log = b""
        self.log_start = 0
        self.images = {}

    def apply(self, content, buffers):
        assert content["type"] == "frame"
        assert content["reset"] or content["frame"] == self.number + 1
        self.number = content["frame"]
        if content["reset"]:
            self.columns, self.metrics = {}, {}
        self.header = content.get("header", self.header)
        for metric in content["metrics"]:
            self._metric(metric, buffers)
        if "log" in content:
            self._log(content["log"], buffers)
        for image in content["images"]:
            data = None if image["buffer"] is None else buffers[image["buffer"]]
            self.images[image["path"]] = data or self.images.get(image["path"])

    def _metric(self, metric, buffers):
        held = {} if metric["at"] == 0 else self.columns[metric["name"]]
        for column in metric["columns"]:
            if column["buffer"] is not None:
                new = np.frombuffer(buffers[column["buffer"]], "<f8")
                old = held.get(column["name"], np.array([]))[: metric["at"]]
                held[column["name"]] = np.concatenate([old, new])
                assert len(held[column["name"]]) == metric["length"]
        self.columns[metric["name"]] = held
        self.metrics[metric["name"]] = metric

    def _log(self, part, buffers):
        data = buffers[part["buffer"]]
        assert part["end"] - part["start"] == len(data)
        if part["reset"]:
            self.log, self.log_start = b"", part["start"]
        assert part["start"] == self.log_start + len(self.log)
        self.log += data
