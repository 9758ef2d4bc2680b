"""uv, which comes with cellrun: the program, and the variables that it is started with."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from cellrun.core.errors import UserErrorException

_OF_ANOTHER_ENVIRONMENT = frozenset(
    {
        *("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYTHONHOME", "PYTHONPATH", "PYENV_VERSION"),
        *("UV_PROJECT_ENVIRONMENT", "UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_TARGET", "UV_PREFIX"),
    }
)
# What pip is told of where packages are, and as which variables uv is told that.
_OF_PIP = {
    "PIP_INDEX_URL": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "PIP_EXTRA_INDEX_URL": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "PIP_FIND_LINKS": ("UV_FIND_LINKS",),
}
_DECIDE_WHAT_IS_BUILT = frozenset(
    {
        *(name for names in _OF_PIP.values() for name in names),
        *("UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE_NEWER", "UV_INDEX_STRATEGY", "UV_PRERELEASE", "UV_RESOLUTION"),
        *("UV_TORCH_BACKEND", "UV_NO_BINARY", "UV_NO_BUILD"),
    }
)


def uv_program() -> str:
    """Return the path of uv. Raises UserErrorException if it has been removed."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415  # rarely needed

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        if found := shutil.which("uv"):
            return found
        raise UserErrorException("uv, which builds environments, isn't installed any more: pip install uv") from None


def uv_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that uv is started with: another environment's left out, pip's indexes told in its words."""
    kept = {name: value for name, value in environ.items() if name not in _OF_ANOTHER_ENVIRONMENT}
    for name, ours in _OF_PIP.items():
        if environ.get(name) and not any(environ.get(each) for each in ours):
            kept[ours[0]] = environ[name]
    return {**kept, "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}


def uv_choices(environ: Mapping[str, str]) -> list[str]:
    """Return what of the variables decides which packages are installed: a built environment is known by it."""
    told = uv_variables(environ)
    return [f"{name}={told[name]}" for name in sorted(_DECIDE_WHAT_IS_BUILT & told.keys())]
