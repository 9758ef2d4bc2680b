"""What of the old SDK cellrun doesn't do: one table: refusals, the page in the docs and tests are made of it.

All of it can be imported, subclassed and written in an annotation; used (called, or asked for an attribute) it raises
NotSupportedError, which says why and what there is instead.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cellrun.core.errors import CellrunError, NotSupportedError

_OWN_LIBRARY = "its own library does that without Azure"
_SERVE = "register the model with Model.register, and load it in any web framework by Model.get_model_path"
_AUTOML = "submit a sweep (azureml.train.hyperdrive), or run an AutoML library of your choice inside a run"


class Row(NamedTuple):
    """A module, or some of its names."""

    module: str
    """Of the old SDK; without names, all below it, too."""
    names: tuple[str, ...]
    """Empty for all."""
    why: str
    instead: str
    is_clouds_own: bool = False
    """Whether it is about Azure itself, so that nothing on another machine can mean it."""


TABLE: tuple[Row, ...] = (
    Row("azureml.core.webservice", (), "deploys to Azure's own services", _SERVE, is_clouds_own=True),
    Row("azureml.core.image", (), "builds container images in Azure", _SERVE, is_clouds_own=True),
    Row("azureml.automl", (), "is Azure's service for AutoML", _AUTOML),
    Row("azureml.train.automl", (), "is Azure's service for AutoML", _AUTOML),
    Row("azureml.interpret", (), "shows explanations in Azure's portal", f"interpret-community: {_OWN_LIBRARY}"),
)


class _IsUsed(type):
    """The type of names that aren't supported: whatever is done with one, save naming it, is an error that says so."""

    told: tuple[str, str, str]

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise NotSupportedError(*cls.told)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        what, why, instead = cls.told
        raise NotSupportedError(f"{what}.{name}", why, instead)


def module_row(module: str) -> Row | None:
    """Return the row by which a whole module isn't supported."""
    return next((row for row in TABLE if not row.names and f"{module}.".startswith(f"{row.module}.")), None)


def names_of(module: str) -> set[str]:
    """Return the names of a module that aren't supported, as far as the table names them."""
    return {name for row in TABLE if row.module == module for name in row.names}


def placeholder(module: str, name: str) -> Any:
    """Return what stands for a name that isn't supported; None for any other."""
    row = next((row for row in TABLE if row.module == module and name in row.names), None) or module_row(module)
    if row is None:
        return None
    if name.endswith(("Exception", "Error")):  # for an except clause; nobody raises it
        return type(name, (CellrunError,), {"__module__": module})
    told = (f"{module}.{name}", row.why, row.instead)
    return _IsUsed(name, (), {"__module__": module, "told": told})
