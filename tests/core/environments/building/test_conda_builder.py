"""Conda packages: by a fake of each program, which makes a virtual environment and says what it was told."""

import sys

import pytest

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.build_now import build_now
from cellrun.core.environments.building.plan import plan_of
from cellrun.core.errors import UserErrorException
from cellrun.core.store.status import Status

FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >> {told}
case "$*" in *no-such-package*) echo "PackagesNotFoundError: no-such-package" >&2; exit 1;; esac
prefix=""
while [ $# -gt 0 ]; do
  [ "$1" = --prefix ] && prefix="$2"
  [ "$1" = --manifest-path ] && prefix="$(dirname "$2")/.pixi/envs/default"
  shift
done
exec {python} -m venv --without-pip "$prefix"
"""


@pytest.fixture
def conda(tmp_path, monkeypatch):
    """`conda(name)` puts a fake of a program onto an otherwise bare PATH; returns the file of what it was told."""
    folder, told = tmp_path / "programs", tmp_path / "told"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def make(name):
        (folder / name).write_text(FAKE.format(told=told, python=sys.executable))
        (folder / name).chmod(0o755)
        return told

    return make


def spec(packages, **fields):
    wanted = {"conda_packages": ("numpy=1.21", "pytorch::pytorch"), "channels": ("conda-forge", "pytorch"), **fields}
    return packages.spec("tinything", **wanted)


@pytest.mark.parametrize("program", ["conda", "mamba", "micromamba"])
def test_it_makes_a_prefix_into_which_packages_from_pypi_are_installed(packages, conda, program):
    told = conda(program)
    built = build_now(spec(packages, python="3.11"), show_output=False)
    assert "tinything" in built.packages
    [line] = told.read_text().splitlines()
    assert line.startswith(f"{program} create --yes --prefix ")
    assert line.endswith(
        "--override-channels --channel conda-forge --channel pytorch python=3.11 numpy=1.21 pytorch::pytorch"
    )


def test_pixi_gets_a_manifest(packages, conda):
    conda("pixi")
    conda("conda")  # pixi comes first
    plan = plan_of(spec(packages))
    build_now(spec(packages), show_output=False)
    [manifest] = plan.kept.folder.glob("made-*/pixi.toml")
    text = manifest.read_text()
    assert 'channels = ["conda-forge", "pytorch"]' in text
    assert '"numpy" = "1.21.*"' in text
    assert '"pytorch" = "*"' in text
    assert plan.kept.is_whole
    assert plan.kept.prefix.resolve().parts[-3:] == (".pixi", "envs", "default")


def test_a_run_has_conda_s_variables(runs, packages, conda):
    conda("conda")
    script = "import os, sys; print(os.environ['CONDA_PREFIX'] == sys.prefix, 'VIRTUAL_ENV' in os.environ)"
    layout = runs.script(script, environment=spec(packages))
    assert runs.end(layout).status is Status.COMPLETED
    assert layout.log.read_text() == "True False\n"


def test_what_conda_says_of_its_failure_is_the_reason(packages, conda):
    conda("conda")
    with pytest.raises(UserErrorException, match="PackagesNotFoundError: no-such-package"):
        build_now(spec(packages, conda_packages=("no-such-package",)), show_output=False)


def test_without_any_of_them_it_is_said_what_to_install(packages, conda):
    with pytest.raises(UserErrorException) as refused:
        build_now(spec(packages))
    for fact in ("numpy=1.21", "pixi", "micromamba", "mamba", "conda", "PyPI"):
        assert fact in str(refused.value)


def test_what_comes_from_pypi_alone_needs_none(packages, conda):
    assert plan_of(EnvironmentSpec(packages=("numpy",), channels=("conda-forge",))).problems == ()
