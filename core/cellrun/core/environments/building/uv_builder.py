"""Environments of packages from PyPI, and other indexes: virtual environments, made by uv."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from cellrun.core.environment_spec import EnvironmentSpec, placeholders
from cellrun.core.environments.building.builder import Builder, Say, run
from cellrun.core.environments.building.uv_program import uv_program, uv_variables
from cellrun.core.errors import UserErrorException

_OF_UV_ALONE = ("--prerelease", "--allow-insecure-host")
"""Options that uv doesn't read from a requirements file."""


_COMPILED = (
    *("cffi", "cryptography", "fastparquet", "gensim", "grpcio", "h5py", "hdbscan", "lightgbm", "llvmlite", "lxml"),
    *("matplotlib", "numba", "numexpr", "numpy", "opencv-python", "pandas", "pillow", "psutil", "pyarrow", "pyodbc"),
    *("pyyaml", "pyzmq", "scikit-image", "scikit-learn", "scipy", "shap", "spacy", "statsmodels", "tables", "xgboost"),
)
"""What a lenient environment doesn't compile: a version without a wheel for today's Python takes minutes, to fail."""


class UvBuilder(Builder):
    """Builds with uv."""

    def problems(self, spec: EnvironmentSpec) -> list[str]:  # noqa: ARG002  # as the contract has it
        """Return that there is no uv; what it can't have it says when it builds."""
        try:
            uv_program()
        except UserErrorException as error:
            return [str(error)]
        return []

    def is_conda(self) -> bool:
        """Return False."""
        return False

    def build(self, spec: EnvironmentSpec, base: str, folder: Path, say: Say) -> Path:
        """Make a virtual environment and install the packages."""
        make = [uv_program(), "venv", "--quiet", "--no-project", "--python", base, str(folder)]
        run(make, uv_variables(os.environ), folder.parent, say)
        install(spec, folder, say)
        return folder


def install(spec: EnvironmentSpec, prefix: Path, say: Say) -> None:
    """Install the packages of a spec into an environment. Raises BuildError."""
    if not spec.packages and not any(line.startswith(("-e", "--editable")) for line in spec.options):
        return
    lines, own = [*spec.packages], list[str]()
    for line in spec.options:
        if line.startswith(_OF_UV_ALONE):
            own += shlex.split(line)
        else:
            lines.append(line)
    wanted = (
        prefix / "cellrun-requirements.txt"
    )  # a file: uv replaces ${NAME} in it, and no address is in a process list
    not_compiled = [f"--only-binary {name}" for name in _COMPILED] if spec.is_lenient else []
    wanted.write_text("\n".join([*lines, *not_compiled]) + "\n", encoding="utf-8")
    for line in lines:
        say(f"  {line}")
    command = [uv_program(), "pip", "install", "--python", str(prefix / "bin" / "python"), "-r", str(wanted), *own]
    if spec.constraints:
        limits = prefix / "cellrun-constraints.txt"
        limits.write_text("\n".join(spec.constraints) + "\n", encoding="utf-8")
        command += ["-c", str(limits)]
    run(command, uv_variables(os.environ), prefix.parent, say, placeholders([*lines, *spec.constraints]))
