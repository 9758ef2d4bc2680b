"""The account of what travels, put in order for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cellrun.core.context.manifest import Need

_ORDER = ("function", "class", "value", "reference", "import", "module", "file")


def merged(needs: Sequence[Need]) -> list[Need]:
    """Return the lines of an account, names first; a local module and the notebook's name for it have one, not two."""
    modules = {need.name for need in needs if need.kind == "module"}
    names = {need.name: need for need in needs if _is_module_itself(need) and need.name in modules}
    kept = [need for need in needs if need is not names.get(need.name)]
    lines = [
        replace(need, place=names[need.name].place) if need.kind == "module" and need.name in names else need
        for need in kept
    ]
    return sorted(lines, key=lambda need: _ORDER.index(need.kind) if need.kind in _ORDER else len(_ORDER))


def _is_module_itself(need: Need) -> bool:
    return need.kind == "import" and need.what.partition(" ")[0] == need.name
