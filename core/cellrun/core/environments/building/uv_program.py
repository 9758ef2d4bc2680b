"""uv: the program, which comes with cellrun or is on the machine, and the variables that it is started with."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping

from cellrun.core.environment_spec import has_login
from cellrun.core.errors import UserErrorException
from cellrun.core.identity import host_name

DOWNLOADS = "UV_PYTHON_DOWNLOADS"
"""uv's own variable; only a user who sets it to `automatic` has uv bring a Python that isn't here."""
_WHERE_IT_INSTALLS_ITSELF = ("~/.local/bin", "~/.cargo/bin")
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
    """Return the path of uv: the one beside this Python, else what its user has installed.

    Raises UserErrorException if there is none.
    """
    try:
        from uv import find_uv_bin  # noqa: PLC0415  # rarely needed

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        path = os.pathsep.join([os.environ.get("PATH", ""), *map(os.path.expanduser, _WHERE_IT_INSTALLS_ITSELF)])
        if found := shutil.which("uv", path=path):
            return found
        raise UserErrorException(
            f"{host_name()} has no uv, which builds environments: it is neither on the PATH nor in "
            f"{' or '.join(_WHERE_IT_INSTALLS_ITSELF)}; install it there, as by `pip install --user uv` "
            "(https://docs.astral.sh/uv/getting-started/installation)"
        ) from None


def uv_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that uv is started with: another environment's left out, pip's indexes told in its words."""
    kept = {name: value for name, value in environ.items() if name not in _OF_ANOTHER_ENVIRONMENT}
    for name, ours in _OF_PIP.items():
        if environ.get(name) and not any(environ.get(each) for each in ours):
            kept[ours[0]] = environ[name]
    return {**kept, "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}


def uv_choices(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what of the variables decides which packages are installed: a built environment is known by it."""
    told = uv_variables(environ)
    return {name: told[name] for name in sorted(_DECIDE_WHAT_IS_BUILT & told.keys())}


def kept_choices(choices: Mapping[str, str]) -> dict[str, list[str]]:
    """Return choices as they are kept for whoever will build: by their values; what holds a login by its hash alone."""
    return {name: ["hash", _hash(text)] if has_login(text) else ["value", text] for name, text in choices.items()}


def with_choices(environ: Mapping[str, str], kept: Mapping[str, list[str]]) -> tuple[dict[str, str], list[str]]:
    """Return variables with these choices, and no other, and the names of those whose values can't be had from them."""
    own = uv_choices(environ)
    made = {name: text for name, text in environ.items() if name not in _DECIDE_WHAT_IS_BUILT and name not in _OF_PIP}
    lacks = []
    for name, (how, text) in kept.items():
        if how == "value":
            made[name] = text
        elif _hash(own.get(name, "")) == text:
            made[name] = own[name]
        else:
            lacks.append(name)
    return made, lacks


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
