"""Settings of libraries that patch others, or change what they return: scikit-learn, tqdm, sympy, plotly."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection
from types import ModuleType
from typing import Any

from cellrun.core.context.state.kind import StateKind


def _read_sklearn(sklearn: ModuleType, _: Collection[str]) -> Any:
    fresh = sys.modules["sklearn._config"]._global_config  # noqa: SLF001  # nothing public tells a setting's default
    return {name: value for name, value in sklearn.get_config().items() if value != fresh.get(name)} or None


def _write_sklearn(sklearn: ModuleType, settings: Any) -> None:
    sklearn.set_config(**settings)


def _read_progress(pandas: ModuleType, _: Collection[str]) -> Any:
    """Return the class of the bars that `tqdm.pandas()` has given to frames, and their arguments."""
    patched = getattr(pandas.DataFrame, "progress_apply", None)
    if patched is None or not patched.__module__.startswith("tqdm"):
        return None
    closure = dict(zip(patched.__code__.co_freevars, patched.__closure__, strict=True))
    made = closure["cls"].cell_contents
    return {"module": made.__module__, "class": made.__qualname__, "options": closure["tqdm_kwargs"].cell_contents}


def _write_progress(_: ModuleType, bars: Any) -> None:
    getattr(importlib.import_module(bars["module"]), bars["class"]).pandas(**bars["options"])


def _read_sympy(printer: ModuleType, _: Collection[str]) -> Any:
    return dict(printer.Printer._global_settings) or None  # noqa: SLF001  # there is a setter alone


def _write_sympy(printer: ModuleType, settings: Any) -> None:
    printer.Printer.set_global_settings(**settings)


def _read_plotly(io: ModuleType, _: Collection[str]) -> Any:
    if "plotly.io._templates" not in sys.modules:  # loaded at the first figure
        return None
    own = {
        name: template.to_plotly_json()
        for name, template in vars(io.templates)["_templates"].items()
        if name not in _PLOTLY_TEMPLATES
    }
    default = io.templates.default
    return {"templates": own, "default": default} if own or default != "plotly" else None


def _write_plotly(io: ModuleType, value: Any) -> None:
    for name, template in value["templates"].items():
        io.templates[name] = template
    io.templates.default = value["default"]


_PLOTLY_TEMPLATES = frozenset(
    {
        *("ggplot2", "seaborn", "simple_white", "plotly", "plotly_white", "plotly_dark"),
        *("presentation", "xgridoff", "ygridoff", "gridon", "none"),
    }
)
_SKLEARN, _PANDAS, _PLOTLY, _SYMPY = map(frozenset, (["sklearn"], ["pandas"], ["plotly"], ["sympy"]))
LIBRARIES = (
    StateKind("sklearn", "settings", _read_sklearn, _write_sklearn, _SKLEARN, of_packages=True),
    StateKind("pandas", "progress bars of tqdm", _read_progress, _write_progress, _PANDAS),
    StateKind("sympy.printing.printer", "settings", _read_sympy, _write_sympy, _SYMPY, of_packages=True),
    StateKind("plotly.io", "templates", _read_plotly, _write_plotly, _PLOTLY, of_packages=True),
)
