"""A target as somebody writes it down to have it attached, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from cellrun.core.errors import CellrunError
from cellrun.core.targets.kinds import kind_named
from cellrun.core.targets.workspace_targets import WorkspaceTargets


class AttachmentProblems(NamedTuple):
    """What is wrong, where it is: empty is well."""

    name: str = ""
    kind: str = ""
    settings: Mapping[str, str] = {}
    others: str = ""
    """What is wrong with no single setting."""

    @property
    def are_there(self) -> bool:
        """Whether there is one."""
        return bool(self.name or self.kind or self.settings or self.others)


class Attachment(NamedTuple):
    """Name, kind and settings of a target that isn't attached yet."""

    name: str
    kind: str
    settings: Mapping[str, Any]

    def problems(self, targets: WorkspaceTargets) -> AttachmentProblems:
        """Return everything that stands against attaching it, as far as that is known without asking it."""
        name = _why_not(lambda: targets.check_name(self.name))
        try:
            kind = kind_named(self.kind)
        except CellrunError as error:
            return AttachmentProblems(name, str(error))
        settings: dict[str, str] = {}
        others = []
        for line in _why_not(lambda: kind.checked_settings(self.settings)).splitlines():
            about = _setting_of(line, kind.settings_known)
            if about is None:
                others.append(line)
            else:
                settings[about] = f"{settings[about]}\n{line}" if about in settings else line
        return AttachmentProblems(name, "", settings, "\n".join(others))


def _why_not(check: Callable[[], object]) -> str:
    try:
        check()
    except CellrunError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  # a stranger's class may raise anything at what it hasn't expected
        return repr(error)
    return ""


def _setting_of(line: str, known: Iterable[str]) -> str | None:
    """Return which setting a sentence is about: the one that it begins with, or else writes first as one writes it."""
    found = [(at.start(), name) for name in known if (at := re.search(rf"^{name}\b|\b{name}=|'{name}'", line))]
    return min(found)[1] if found else None
