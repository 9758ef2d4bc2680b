"""Environments with conda packages: made by pixi, micromamba, mamba or conda, whichever is on the PATH."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
from pathlib import Path

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.base_python import this_python
from cellrun.core.environments.building.builder import Builder, Say, run
from cellrun.core.environments.building.uv_builder import install

PROGRAMS = ("pixi", "micromamba", "mamba", "conda")
"""The first of these that is there is taken."""
_MATCH = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+?)\s*(?P<version>[=<>!~ ].*)?$")
_DEFAULT_CHANNEL = "conda-forge"


class CondaBuilder(Builder):
    """Builds with a program of conda's kind; packages from PyPI are installed into the same prefix by uv."""

    def problems(self, spec: EnvironmentSpec) -> list[str]:
        """Return that there is no such program."""
        if _program():
            return []  # of uv, for packages of PyPI, the build says whether it is there
        packages = ", ".join([*spec.conda_packages[:3], *(["…"] if len(spec.conda_packages) > 3 else [])])
        problem = (
            f"the environment needs conda packages ({packages}), and none of {', '.join(PROGRAMS)} is on the PATH; "
            "install one of them, as pixi (https://pixi.sh), or ask for the packages by their names on PyPI"
        )
        return [problem]

    def is_conda(self) -> bool:
        """Return True."""
        return True

    def build(self, spec: EnvironmentSpec, base: str, folder: Path, say: Say) -> Path:  # noqa: ARG002  # conda brings its own Python
        """Make a prefix with the conda packages, then install those from PyPI."""
        program = _program() or PROGRAMS[-1]
        environ = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
        channels = spec.channels or (_DEFAULT_CHANNEL,)
        prefix = folder
        if Path(program).name == "pixi":
            prefix = folder / ".pixi" / "envs" / "default"
            folder.mkdir()
            (folder / "pixi.toml").write_text(_pixi_manifest(spec, channels), encoding="utf-8")
            run([program, "install", "--manifest-path", str(folder / "pixi.toml")], environ, folder, say)
        else:
            found = [option for channel in channels for option in ("--channel", channel)]
            packages = [f"python{_python(spec)}", *spec.conda_packages]
            command = [program, "create", "--yes", "--prefix", str(folder), "--override-channels", *found, *packages]
            run(command, environ, folder.parent, say)
        install(spec, prefix, say)
        return prefix


def _program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def _python(spec: EnvironmentSpec) -> str:
    """Return which Python, as conda has it."""
    if spec.python is None:
        return f"={'.'.join((this_python().version or '').split('.')[:2])}"
    return spec.python if spec.python[:1] in "=<>!~" else f"={spec.python}"


def _pixi_manifest(spec: EnvironmentSpec, channels: tuple[str, ...]) -> str:
    """Return a pixi.toml; JSON's texts and lists are TOML's too."""
    wanted = {"python": _pixi_version(_python(spec))}
    for package in spec.conda_packages:
        channel, _, rest = package.rpartition("::")
        found = _MATCH.match(rest.strip())
        name, version = (found["name"], found["version"] or "") if found else (rest, "")
        wanted[name] = _pixi_version(version.strip())
        if channel:
            channels = (*channels, channel) if channel not in channels else channels
    lines = "".join(f"{json.dumps(name)} = {json.dumps(version)}\n" for name, version in wanted.items())
    return (
        f'[workspace]\nname = "cellrun"\nchannels = {json.dumps(list(channels))}\nplatforms = ["{_platform()}"]\n\n'
        f"[dependencies]\n{lines}"
    )


def _pixi_version(version: str) -> str:
    """Return a version of conda's `name=1.2=build` form as pixi has it; the build string isn't taken over."""
    if not version:
        return "*"
    if version.startswith("=") and not version.startswith("=="):
        return f"{version[1:].split('=', maxsplit=1)[0].strip().removesuffix('.*').removesuffix('*')}.*"
    return version.split(" ", maxsplit=1)[0] if version.startswith("==") else version


def _platform() -> str:
    machine = {"x86_64": "64", "amd64": "64", "arm64": "arm64", "aarch64": "aarch64"}.get(platform.machine(), "64")
    return f"{'osx' if sys.platform == 'darwin' else 'linux'}-{machine}"
