"""What users give as an environment."""

import sys
from pathlib import Path

import pytest

from cellrun.core import Environment, UserErrorException
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.given import spec_from


@pytest.fixture
def files(here):
    (here / "requirements.txt").write_text("six==1.16\n")
    (here / "pyproject.toml").write_text(
        '[project]\nname = "a"\ndependencies = ["numpy"]\n'
        '[project.optional-dependencies]\nplot = ["six"]\nfit = ["scipy"]\n'
    )
    (here / "environment.yml").write_text("dependencies: [python=3.11, {pip: [pandas]}]")
    (here / "conda.yaml").write_text("dependencies: [ffmpeg]")
    return here


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("requirements.txt", EnvironmentSpec(packages=("six==1.16",))),
        (Path("requirements.txt"), EnvironmentSpec(packages=("six==1.16",))),
        ("./requirements.txt", EnvironmentSpec(packages=("six==1.16",))),
        ("pyproject.toml", EnvironmentSpec(packages=("numpy",))),
        ("pyproject.toml[plot]", EnvironmentSpec(packages=("numpy", "six"))),
        ("./pyproject.toml[plot, fit]", EnvironmentSpec(packages=("numpy", "six", "scipy"))),
        ("environment.yml", EnvironmentSpec(packages=("pandas",), python="3.11")),
        ("conda.yaml", EnvironmentSpec(conda_packages=("ffmpeg",))),
        (EnvironmentSpec(name="x"), EnvironmentSpec(name="x")),
        (None, None),
    ],
)
def test_a_file_is_known_by_its_ending_and_strict(files, ws, given, expected):
    assert spec_from(given, ws.layout) == expected


def test_packages_are_an_environment_or_are_added_to_one(files, ws):
    assert spec_from(None, ws.layout, ["six==1.16", "numpy"]) == EnvironmentSpec(packages=("six==1.16", "numpy"))
    assert spec_from("requirements.txt", ws.layout, ["numpy"]).packages == ("six==1.16", "numpy")
    assert spec_from("environment.yml", None, ["six"]).python == "3.11"
    assert "six" in spec_from("notebook", None, ["six"]).packages
    with pytest.raises(UserErrorException, match=r"'a b' can't be read"):
        spec_from(None, ws.layout, ["a b"])


@pytest.mark.parametrize("given", [sys.prefix, sys.executable])
def test_nothing_is_installed_into_a_python_that_is_there(ws, given):
    for one in (given, EnvironmentSpec(interpreter=given)):
        with pytest.raises(UserErrorException, match="takes no further packages; name what is needed") as caught:
            spec_from(one, ws.layout, ["six"])
        assert given in str(caught.value)


def test_the_notebooks_own_is_written_down(ws):
    spec = spec_from("notebook", ws.layout)
    assert [line for line in spec.packages if line.startswith("pytest==")]
    assert not spec.is_lenient


@pytest.mark.parametrize("given", [sys.prefix, sys.executable, "~/venv", "./venv", "gone/bin/python"])
def test_the_path_of_a_python_stays_a_text(ws, given):
    assert spec_from(given, ws.layout) == given


def test_a_python_on_path_or_here_stays_a_text(ws, here):
    (here / "venv" / "bin").mkdir(parents=True)
    (here / "venv" / "bin" / "python").write_text("")
    assert spec_from("venv", ws.layout) == "venv"
    assert spec_from("sh", ws.layout) == "sh"  # refused where it is looked for, with its path
    assert spec_from("anything") == "anything"  # without a workspace there are no names


def test_a_registered_one_is_found_by_its_name_and_version(ws, here):
    for number in (1, 2):
        env = Environment("venv")
        env.python.conda_dependencies.add_pip_package(f"six=={number}")
        env.register(ws)
    (here / "venv" / "bin").mkdir(parents=True)
    (here / "venv" / "bin" / "python").write_text("")
    found = spec_from("venv", ws.layout)
    assert (found.name, found.version, found.packages, found.is_lenient) == ("venv", "2", ("six==2",), True)
    assert spec_from("venv:1", ws.layout).packages == ("six==1",)
    assert spec_from("venv:1", ws.layout, ["numpy"]).packages == ("six==1", "numpy")
    assert spec_from("./venv", ws.layout) == "./venv"
    assert spec_from(Environment.get(ws, "venv")).version == "2"
    with pytest.raises(UserErrorException, match="has no version '3'; its versions: 1, 2"):
        spec_from("venv:3", ws.layout)


def test_azure_mls_own_are_found_by_their_names(ws):
    assert spec_from("AzureML-PyTorch-1.6-GPU", ws.layout).packages == ("torch==1.6.*",)


def test_what_is_nothing_of_these_is_refused_with_what_it_may_be(ws):
    Environment("digits").register(ws)
    with pytest.raises(UserErrorException) as caught:
        spec_from("digist", ws.layout)
    facts = ["'digist'", "known: digits", "did you mean 'digits'?", "requirements.txt", "path of a Python", "notebook"]
    assert [fact for fact in facts if fact not in str(caught.value)] == []


@pytest.mark.parametrize("given", ["", 3, b"venv", ["requirements.txt"]])
def test_what_is_no_text_is_refused(ws, given):
    with pytest.raises(UserErrorException, match="an environment is a text"):
        spec_from(given, ws.layout)


@pytest.mark.parametrize("given", ["~nobody-here/venv", "a\0b", "\ud800", "~nobody-here/r.txt"])
def test_what_cant_be_a_path_is_refused(ws, given):
    with pytest.raises(UserErrorException, match="can't be a path"):
        spec_from(given, ws.layout)


def test_a_file_that_isnt_there_is_said(ws):
    for given in ("gone.txt", "gone.yml", "gone.toml", "gone.toml[a]"):
        with pytest.raises(UserErrorException, match=r"gone\.\w+ can't be read: no such file"):
            spec_from(given, ws.layout)


def test_a_path_of_the_machine_that_froze_it_is_said_where_files_are_strict(ws, here):
    (here / "frozen.txt").write_text("six @ file:///home/conda/feedstock_root/six/work\n")
    with pytest.raises(UserErrorException, match=r"frozen.txt: six is to come from /home.*: six=="):
        spec_from("frozen.txt", ws.layout)
    assert Environment.from_pip_requirements("a", "frozen.txt").spec().packages
