"""The form of a target's setting: how a person is asked for it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class SettingShape(str, Enum):
    """What a setting's value is."""

    TEXT = "text"
    NUMBER = "number"  # a whole one
    LIST = "list"  # of texts


class SettingForm(NamedTuple):
    """What a form has to know of a setting besides name and meaning: by default it is a text that may be left out."""

    is_needed: bool = False
    """Whether nothing can be attached without it. What depends on other settings is for `checked_settings` to say."""
    shape: SettingShape = SettingShape.TEXT
    choices: tuple[str, ...] = ()
    """The only texts that it takes, what leaving it out means first; none: any."""
    is_asked: bool = True
    """Whether people are asked for it; False for what programs keep there."""
