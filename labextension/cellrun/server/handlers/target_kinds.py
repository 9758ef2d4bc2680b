"""The kinds of targets, each with what a form that attaches one has to ask for."""

from __future__ import annotations

from typing import Any

from cellrun.core.errors import ComputeTargetException
from cellrun.core.targets.contract import ComputeTarget
from cellrun.core.targets.kinds import kind_named, kind_names
from cellrun.core.targets.setting_form import SettingForm
from cellrun.server.base_handler import ApiHandler
from cellrun.server.bounded_threads import BoundedThreads

_PLAIN = SettingForm()


class TargetKindsHandler(ApiHandler):
    """All kinds that are installed beside this server."""

    async def get(self) -> None:
        """List them; the library of one may take seconds to load."""
        self.asked()
        threads: BoundedThreads = self.settings["cellrun_threads"]
        await self.answer({"kinds": await threads.run(lambda: [_kind(name) for name in kind_names()])})


def _kind(name: str) -> dict[str, Any]:
    try:
        kind = kind_named(name)
    except ComputeTargetException as error:
        return {"name": name, "about": "", "why_not": str(error), "settings": []}
    return {"name": name, "about": kind.about, "why_not": None, "settings": _settings(kind)}


def _settings(kind: type[ComputeTarget]) -> list[dict[str, Any]]:
    forms = {name: kind.setting_forms.get(name, _PLAIN) for name in kind.settings_known}
    return [
        {
            "name": name,
            "meaning": kind.settings_known[name],
            "is_needed": form.is_needed,
            "shape": form.shape.value,
            "choices": list(form.choices),
        }
        for name, form in forms.items()
        if form.is_asked
    ]
