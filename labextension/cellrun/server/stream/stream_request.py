"""The requests that a page may send over the stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellrun.core.errors import UserErrorException, shown
from cellrun.core.live.frame import PROTOCOL

LARGEST_CHANNEL = 2**53
SPARKS = 20
NAME_CHARACTERS = 512


class BadRequestError(UserErrorException):
    """A message that can't be served as it is; `channel` if it named one."""

    def __init__(self, channel: int | None, text: str) -> None:
        self.channel = channel
        super().__init__(text)


@dataclass(frozen=True)
class Follow:
    """Tell of a run from a frame on: `frame` is the last one held (-1: none), of the epoch received with it."""

    channel: int
    workspace: str
    run: str
    epoch: str | None
    frame: int


@dataclass(frozen=True)
class ListRuns:
    """Tell of changes in a workspace's list, with the courses of these metrics, from a cursor on (-1: none)."""

    channel: int
    workspace: str
    sparks: tuple[str, ...]
    epoch: str | None
    cursor: int


@dataclass(frozen=True)
class Leave:
    """Tell nothing more on this channel."""

    channel: int


@dataclass(frozen=True)
class Ping:
    """Give a sign of life."""


def read_request(text: str | bytes) -> Follow | ListRuns | Leave | Ping:
    """Read a message. Raises BadRequestError that says what was given and what is expected."""
    data = _object(text)
    kind = data.get("type")
    if kind == "ping":
        return Ping()
    fields = _Fields(data)
    if kind == "follow":
        protocol = fields.number("protocol", PROTOCOL)
        if protocol != PROTOCOL:
            fields.refuse(f"the server speaks protocol {PROTOCOL}, the page {protocol}: install one cellrun in both")
        return Follow(
            fields.channel,
            fields.text("workspace"),
            fields.text("run"),
            fields.epoch(),
            fields.number("frame", -1),
        )
    if kind == "list":
        return ListRuns(
            fields.channel, fields.text("workspace"), fields.sparks(), fields.epoch(), fields.number("cursor", -1)
        )
    if kind == "leave":
        return Leave(fields.channel)
    raise BadRequestError(fields.channel, f"`type` is follow, list, leave or ping; got {shown(kind)}")


def _object(text: str | bytes) -> Mapping[str, Any]:
    if isinstance(text, bytes):
        raise BadRequestError(None, "a message is JSON text; got a binary message")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(None, f"a message is a JSON object; got {shown(text)}: {error}") from None
    if not isinstance(data, dict):
        raise BadRequestError(None, f"a message is a JSON object; got {shown(data)}")
    return data


class _Fields:
    """The fields of a message, each of its type."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        channel: Any = data.get("channel")
        if not _is_number(channel) or not 0 <= channel <= LARGEST_CHANNEL:
            raise BadRequestError(None, f"`channel` is a whole number from 0 on; got {shown(channel)}")
        self.channel = int(channel)

    def text(self, name: str) -> str:
        value = self.data.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= NAME_CHARACTERS:
            self.refuse(f"`{name}` is a text of 1 to {NAME_CHARACTERS} characters; got {shown(value)}")
        return str(value)

    def epoch(self) -> str | None:
        value = self.data.get("epoch")
        if value is not None and not isinstance(value, str):
            self.refuse(f"`epoch` is what came with the last message, or null; got {shown(value)}")
        return value

    def number(self, name: str, default: int) -> int:
        value = self.data.get(name, default)
        if not _is_number(value):
            self.refuse(f"`{name}` is a whole number; got {shown(value)}")
        return int(value)

    def sparks(self) -> tuple[str, ...]:
        value = self.data.get("sparks", [])
        if not isinstance(value, list) or len(value) > SPARKS or not all(isinstance(name, str) for name in value):
            self.refuse(f"`sparks` is a list of at most {SPARKS} metric names; got {shown(value)}")
        return tuple(value)

    def refuse(self, text: str) -> None:
        raise BadRequestError(self.channel, text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
