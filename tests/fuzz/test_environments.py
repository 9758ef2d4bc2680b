"""Anything in the place of what says which environment is wanted: it is read, or refused in words."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellrun.core import CondaDependencies, Environment, Workspace
from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.given import spec_from
from cellrun.core.environments.lenient import Available, lenient, loosened
from cellrun.core.environments.sources.script_header import spec_of_script
from tests.fuzz.any_json import BYTE_EDITS, CHANGES, TEXTS, Change, Edit, changed_bytes
from tests.fuzz.effort import effort
from tests.fuzz.test_control_files import ask

FILES = Path(__file__).parents[1] / "data" / "environments"
HERE = Available("/here/python", "3.11.7", {"numpy": "1.26.4"})
PROJECT = b"""[project]
name = "a"
requires-python = ">=3.10,<3.13"
dependencies = ["numpy>=1.4", "six[a,b] ; python_version > '3'"]
[project.optional-dependencies]
plot = ["matplotlib"]
[dependency-groups]
test = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
[tool.uv.sources]
numpy = { git = "https://git.example/one.git", tag = "v1" }
[[tool.uv.index]]
url = "https://a.example/simple"
"""
HEADER = b"# /// script\n# requires-python = '>=3.10'\n# dependencies = ['six']\n# ///\nimport six\n"
WORDS = st.sampled_from(
    [
        *("-r ", "-e", "--hash=sha256:a", "--index-url", "numpy", "python", "file:", "https://a@b/c", "./x.whl"),
        *("pip:", "==", "=", "~", "|", "::", ">=3.6,<4", "1.2", ".*", " ;", "[", "]", " @ ", "#", "$", "'", "- "),
        *(" ", "\n", "\\\n", "\0", "é"),
    ]
)


def use(spec: EnvironmentSpec | str | None) -> None:
    """Do with a spec what is done with it before it is built."""
    if not isinstance(spec, EnvironmentSpec):
        return
    assert EnvironmentSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    assert spec.digest
    eased = EnvironmentSpec.from_json({**spec.to_json(), "is_lenient": True})
    loosened(lenient(eased, HERE))


def in_file(name: str, data: bytes) -> Callable[[], None]:
    """Return the reading of a file of this content."""
    Path(name).write_bytes(data)
    return lambda: use(spec_from(f"{name}[test]" if name.endswith(".toml") else name))


SEEDS = [path for path in sorted(FILES.iterdir()) if path.suffix in {".txt", ".yml"}]


@given(seed=st.sampled_from(SEEDS), edits=BYTE_EDITS)
@effort(60)
def test_files_of_those_years_changed(here: Path, seed: Path, edits: list[Edit]) -> None:
    ask(seed.name, in_file(seed.name, changed_bytes(seed.read_bytes(), edits)))


@given(edits=BYTE_EDITS)
@effort(40)
def test_projects_and_headers_changed(here: Path, edits: list[Edit]) -> None:
    ask("project", in_file("pyproject.toml", changed_bytes(PROJECT, edits)))
    text = changed_bytes(HEADER, edits).decode(errors="replace")
    ask("header", lambda: use(spec_of_script(text)))


@given(words=st.lists(WORDS, max_size=8), name=st.sampled_from(["r.txt", "e.yml", "pyproject.toml"]))
@effort(80)
def test_any_words(here: Path, words: list[str], name: str) -> None:
    line = "".join(words)
    ask(line, in_file(name, line.encode()))
    ask(line, lambda: use(spec_from(line, None, [line])))
    for made in (CondaDependencies(), CondaDependencies()):
        ask(line, lambda made=made: made.add_pip_package(line))
        ask(line, lambda made=made: made.add_conda_package(line))
        ask(line, lambda made=made: made.set_python_version(line))
        ask(line, lambda made=made: use(made.spec()))
        ask(line, lambda made=made: made.serialize_to_string())


def whole() -> Environment:
    env = Environment("digits")
    env.python.conda_dependencies = CondaDependencies(FILES / "nlp_2022.yml")
    env.docker.enabled = True
    env.environment_variables["A"] = "1"
    return env


@given(change=CHANGES, name=TEXTS)
@effort(60)
def test_any_environment_in_a_folder_or_a_workspace(ws: Workspace, change: Change, name: str) -> None:
    folder = ws.folder / "saved"
    env = whole()
    env.save_to_directory(folder, overwrite=True)
    env.register(ws)
    for path in (folder / "azureml_environment.json", ws.layout.environments / "digits" / "1.json"):
        before = path.read_bytes()
        path.write_bytes(change(before))
        ask("load", lambda: use(Environment.load_from_directory(folder).spec()))
        ask("show", lambda: repr(Environment.load_from_directory(folder)))
        ask("copy", lambda: pickle.dumps(Environment.load_from_directory(folder).clone("b")))
        ask("get", lambda: use(Environment.get(ws, "digits").spec()))
        ask("list", lambda: list(ws.environments))
        ask("named", lambda: use(spec_from(name, ws.layout)))
        ask("register", lambda: whole().register(ws))
        path.write_bytes(before)
        for more in (ws.layout.environments / "digits").glob("[2-9]*"):
            more.unlink()


@given(change=CHANGES)
@effort(60)
def test_any_spec(change: Change) -> None:
    text = json.dumps(whole().spec().to_json()).encode()
    try:
        data = json.loads(change(text))
    except ValueError:
        return
    ask("spec", lambda: use(EnvironmentSpec.from_json(data)))
    ask("environment", lambda: use(Environment.from_spec(EnvironmentSpec.from_json(data)).spec()))


@pytest.mark.parametrize("text", ["[" * 5000, "a: &a [*a]", "&a {dependencies: *a}", "dependencies: &a [{pip: *a}]"])
def test_files_that_name_themselves(here: Path, text: str) -> None:
    ask(text[:20], in_file("e.yml", text.encode()))
