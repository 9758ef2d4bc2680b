"""Packages that a test makes, so that environments are built without any network; one of them takes its time."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cellrun.core.environment_spec import EnvironmentSpec

_BACKEND = """
import pathlib, time, zipfile
HERE = pathlib.Path({folder!r})
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with (HERE / "{name}.built").open("a") as file:
        file.write("x")
    while not (HERE / "{name}.go").exists():
        time.sleep(0.02)
    with zipfile.ZipFile(pathlib.Path(folder, {file!r}), "w") as wheel:
        for path, text in {files!r}.items():
            wheel.writestr(path, text)
    return {file!r}
"""


@dataclass
class Packages:
    """A folder of packages, which is all that environments are built from."""

    folder: Path

    def wheel(self, name: str, version: str = "1.0", text: str = "", requires: Sequence[str] = ()) -> None:
        """Add a package whose one module has this text."""
        with zipfile.ZipFile(self.folder / _file(name, version), "w") as wheel:
            for path, content in _files(name, version, text, requires).items():
                wheel.writestr(path, content)

    def slow(self, name: str, version: str = "1.0") -> Path:
        """Add a package whose build waits until the file that is returned is there; `.built` has a letter a build."""
        files, file = _files(name, version, "", ()), _file(name, version)
        backend = _BACKEND.format(folder=str(self.folder), name=name, file=file, files=files)
        project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        info = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        with tarfile.open(self.folder / f"{name}-{version}.tar.gz", "w:gz") as source:
            for path, text in {"backend.py": backend, "pyproject.toml": project, "PKG-INFO": info}.items():
                member = tarfile.TarInfo(f"{name}-{version}/{path}")
                member.size = len(text.encode())
                source.addfile(member, io.BytesIO(text.encode()))
        return self.folder / f"{name}.go"

    def is_building(self, name: str) -> bool:
        """Whether a slow package's build has begun."""
        return (self.folder / f"{name}.built").exists()

    @property
    def options(self) -> tuple[str, ...]:
        """What tells uv to look here alone."""
        return ("--no-index", f"--find-links {self.folder}")

    def spec(self, *packages: str, **fields: object) -> EnvironmentSpec:
        """Return an environment of these packages."""
        return EnvironmentSpec(packages=packages, options=self.options, **fields)  # type: ignore[arg-type]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packages:
    """A folder of packages with `tinything` 1.0 in it, and a cache of uv's own."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    folder = tmp_path / "packages"
    folder.mkdir()
    made = Packages(folder)
    made.wheel("tinything", text="WHAT = 'tiny'\n")
    return made


def _file(name: str, version: str) -> str:
    return f"{name}-{version}-py3-none-any.whl"


def _files(name: str, version: str, text: str, requires: Sequence[str]) -> dict[str, str]:
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    return {
        f"{name}/__init__.py": text or f"__version__ = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
