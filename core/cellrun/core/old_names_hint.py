"""A hint for who imports the old SDK's names while they aren't loaded: one line, on how to have them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_OLD = "azureml"
_IMPORT = "_find_and_load_unlocked"


class OldNamesHint:
    """The last finder of all: whoever is asked after it hasn't found the module."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find nothing. Raises ModuleNotFoundError that says what to do, for an import statement alone.

        Libraries that ask importlib whether the SDK is installed are to hear that it isn't.
        """
        del path, target
        is_old = fullname == _OLD or fullname.startswith(f"{_OLD}.")
        if is_old and sys._getframe(2).f_code.co_name == _IMPORT and not _is_ours():  # noqa: SLF001  # nothing else tells who asks
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: %load_ext cellrun.azureml in a notebook, or import cellrun.azureml; "
                "cellrun.azureml.install() in a script, lets cellrun take its place",
                name=fullname,
            )
        return None


def _is_ours() -> bool:
    """Whether the names are loaded: then the module is one that nobody knows."""
    return getattr(sys.modules.get(_OLD), "__name__", "").startswith("cellrun.")


def hint() -> None:
    """Say it from here on."""
    if OldNamesHint not in sys.meta_path:
        sys.meta_path.append(OldNamesHint)
