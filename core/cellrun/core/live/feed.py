"""The feed of one run's views: turns polls into numbered frames. No thread, no file, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cellrun.core.live.by_rank import by_rank
from cellrun.core.live.frame import Frame, ImagePart, MetricPart
from cellrun.core.live.log_window import LogWindow
from cellrun.core.live.throttle import Throttle
from cellrun.core.live.track import Track
from cellrun.core.store.events.metrics import Metric

METRICS_SHOWN = 500
POINTS = 1000  # per metric after it was thinned, twice as many before: a chart is some 800 pixels wide
ALL_POINTS = 32_000  # of all metrics together: many metrics get fewer points each
LEAST_POINTS = 50
IMAGE_BYTES = 2_000_000  # of all images in a whole frame; the latest come first


@dataclass(frozen=True)
class News:
    """What a poll of a run found: header, time and log size as they are, metrics that changed, images that came.

    Images come without their data.
    """

    header: dict[str, Any]
    elapsed_s: float | None
    log_size: int
    metrics: Sequence[Metric] = ()
    images: Sequence[ImagePart] = ()


class Feed:
    """Turns polls of a run into numbered frames: small ones of what changed, whole ones where a view may lack more.

    `read_log(offset, most_bytes)` gives raw bytes of the run's log, `read_image(path)` the bytes of one of its files.
    `throttle` is that of views over a comm unless another is given.
    """

    def __init__(
        self,
        read_log: Callable[[int, int], bytes],
        read_image: Callable[[str], bytes | None],
        throttle: Throttle | None = None,
    ) -> None:
        self._log = LogWindow(read_log)
        self._read_image = read_image
        self._throttle = throttle or Throttle()
        self._number = 0
        self._last = News({}, None, 0)
        self._shown: set[str] = set()
        self._tracks: dict[str, Track] = {}
        self._images: list[ImagePart] = []
        self._is_whole_wanted = True
        self._has_changed_since_keyframe = False
        # what the next frame has to tell
        self._is_header_new = False
        self._changed: dict[str, Metric] = {}
        self._new_images: list[ImagePart] = []

    @property
    def last_number(self) -> int:
        """The number of the last frame; -1 before the first."""
        return self._number - 1

    def hello(self, frame: int) -> bool:
        """Note that a view has all frames up to this one (-1: none); return whether it lacks any."""
        self._throttle.note_hello()
        self._is_whole_wanted |= frame != self.last_number
        return self._is_whole_wanted

    def take(self, news: News) -> None:
        """Take in what a poll of the run found."""
        for metric in news.metrics:
            if len(self._shown) < METRICS_SHOWN:
                self._shown.add(metric.name)
            if metric.name in self._shown:
                self._changed[metric.name] = by_rank(metric)
        self._new_images = _latest([*self._new_images, *news.images])
        self._images = _latest([*self._images, *news.images])
        self._is_header_new |= news.header != self._last.header
        self._last = news

    def frame(self, now: float) -> Frame | None:
        """Return the next frame, None when there is nothing to tell or it is too early (`now`: monotonic seconds)."""
        if not self._throttle.allows_frame(now):
            return None
        has_news = self._has_news
        self._has_changed_since_keyframe |= has_news
        may_lack = self._has_changed_since_keyframe or not self._throttle.has_hello
        if self._is_whole_wanted or (may_lack and self._throttle.wants_keyframe(now)):
            return self.whole(now)
        return self._news(now) if has_news or self._throttle.wants_sign(now) else None

    def last(self, now: float) -> Frame | None:
        """Return what is left to tell, whatever the pace: nothing more will come. Where frames may be lost, all."""
        if self._is_whole_wanted or not self._throttle.is_lossless:
            return self.whole(now)
        return self._news(now) if self._has_news else None

    def present(self) -> Frame:
        """Return all that was told so far under the last frame's number: for one view that comes late, or lags.

        The next frame fits what it holds; other views aren't disturbed. Only once there was a first frame.
        """
        return Frame(
            self.last_number,
            reset=True,
            header=self._header(),
            metrics=[track.whole for track in self._tracks.values()],
            log=self._log.again(),
            images=self._with_data(self._images, self._images),
        )

    def whole(self, now: float) -> Frame:
        """Return a frame of everything, whatever the pace."""
        self._advance()
        images = self._images if self._is_whole_wanted else self._new_images
        frame = Frame(
            self._number,
            reset=True,
            header=self._header(),
            metrics=[track.whole for track in self._tracks.values()],
            log=self._log.tail(self._last.log_size),
            images=self._with_data(self._images, images),
        )
        self._is_whole_wanted = self._has_changed_since_keyframe = False
        return self._told(frame, now)

    @property
    def _has_news(self) -> bool:
        lacks_log = self._log.lacks(self._last.log_size)
        return bool(self._is_header_new or self._changed or self._new_images or lacks_log)

    def _news(self, now: float) -> Frame:
        frame = Frame(
            self._number,
            reset=False,
            header=self._header() if self._is_header_new else None,
            metrics=self._advance(),
            log=self._log.news(self._last.log_size),
            images=self._with_data(self._new_images, self._new_images),
        )
        return self._told(frame, now)

    def _told(self, frame: Frame, now: float) -> Frame:
        self._number += 1
        self._is_header_new = False
        self._new_images = []
        self._throttle.sent(now, frame.size_bytes, is_keyframe=frame.reset)
        return frame

    def _header(self) -> dict[str, Any]:
        """Return the header with what always changes, so that only the rest of it decides whether it is news."""
        return {**self._last.header, "elapsed_s": self._last.elapsed_s, "log_size": self._last.log_size}

    def _advance(self) -> list[MetricPart]:
        """Take the changed metrics into their tracks; return what changed."""
        most = max(LEAST_POINTS, min(POINTS, ALL_POINTS // max(1, len(self._shown))))
        parts = []
        for name, metric in self._changed.items():
            if name in self._tracks:
                parts.append(self._tracks[name].advance(metric, most))
            else:
                self._tracks[name] = Track(metric, most)
                parts.append(self._tracks[name].whole)
        self._changed = {}
        return parts

    def _with_data(self, listed: Sequence[ImagePart], wanted: Sequence[ImagePart]) -> list[ImagePart]:
        """Return the images listed, those wanted with their data, the latest first, as far as a message should grow."""
        left = IMAGE_BYTES
        found = []
        for image in reversed(listed):
            if image in wanted and image.size_bytes <= left:
                left -= image.size_bytes
                found.append(replace(image, data=self._read_image(image.path)))
            else:
                found.append(image)
        return found[::-1]


def _latest(images: Sequence[ImagePart]) -> list[ImagePart]:
    """Return each image once: a page that is updated keeps its file."""
    return list({image.path: image for image in images}.values())
