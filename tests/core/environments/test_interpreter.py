"""Other Pythons: found in their environments, asked what they have."""

import sys
from pathlib import Path

import pytest

from cellrun.core.context.manifest import python_version, version_words
from cellrun.core.environments.interpreter import ask, environment_of, interpreter_of
from cellrun.core.errors import UserErrorException
from tests.interpreters import bare_environment, fake_interpreter


def test_an_environment_is_a_folder_or_its_interpreter(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "envs" / "old").mkdir(parents=True)
    python = tmp_path / "envs" / "old" / "bin" / "python"
    assert interpreter_of("~/envs/old") == interpreter_of("envs/old") == python
    assert interpreter_of("/usr/bin/python3.9") == Path("/usr/bin/python3.9")


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta"])
def test_the_environment_of_an_interpreter(tmp_path, mark):
    python = tmp_path / "bin" / "python"
    assert environment_of(str(python)) == python
    (tmp_path / mark).touch()
    assert environment_of(str(python)) == tmp_path


def test_what_an_interpreter_has(tmp_path):
    answer = ask(bare_environment(tmp_path), ["json", "numpy", "xml.nothing", "json.no.such"], {"a": "1", "b": "x = ="})
    assert (answer.python, answer.version) == (python_version(), sys.version_info[:3])
    assert answer.missing == {"numpy", "xml.nothing", "json.no.such"}
    assert list(answer.errors) == ["b"]
    assert answer.errors["b"].startswith("line 1: ")


def test_await_at_the_top_of_a_cell_is_python(tmp_path):
    assert ask(bare_environment(tmp_path), (), {"cell": "await f()\nasync with g(): pass"}).errors == {}


def test_what_was_missing_is_looked_for_again(tmp_path):
    python = bare_environment(tmp_path)
    assert ask(python, ["brandnew"]).missing == {"brandnew"}
    (site,) = tmp_path.rglob("site-packages")
    (site / "brandnew.py").touch()
    assert ask(python, ["brandnew"]).missing == frozenset()


def test_what_a_startup_file_prints_is_no_answer(tmp_path):
    python = bare_environment(tmp_path)
    (site,) = tmp_path.rglob("site-packages")
    (site / "sitecustomize.py").write_text("print('welcome')\n")
    assert ask(python).version == sys.version_info[:3]


def test_it_is_asked_in_the_environment_that_a_run_would_get(tmp_path, monkeypatch):
    python = bare_environment(tmp_path / "env")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "beside_it.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "more"))
    monkeypatch.setenv("PYTHONHOME", "/the/kernels")
    assert ask(python, ["beside_it"]).missing == frozenset()


@pytest.mark.parametrize(
    ("script", "facts"),
    [
        ("echo '{\"version\": [3, 8, 18]}'", ["it is Python 3.8.18", "3.10 or newer"]),
        ("exit 0", ["it ended with 0"]),
        ("echo 'SyntaxError: old' >&2; exit 1", ["SyntaxError: old"]),
        ("echo nonsense", ["nonsense"]),
    ],
)
def test_what_is_no_usable_python_is_named(tmp_path, script, facts):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    with pytest.raises(UserErrorException) as caught:
        ask(str(python))
    for fact in (str(python), "virtual environment", *facts):
        assert fact in str(caught.value)


def test_what_cannot_be_started_is_named(tmp_path):
    with pytest.raises(UserErrorException, match="/not/there/python can't run a cell: no such file or directory"):
        ask("/not/there/python")
    (tmp_path / "plain").touch(0o644)
    with pytest.raises(UserErrorException, match="permission denied"):
        ask(str(tmp_path / "plain"))


def test_a_fake_version_is_told(tmp_path):
    assert ask(fake_interpreter(tmp_path, (3, 99, 1))).python == "3.99"


def test_other_implementations_have_byte_code_of_their_own():
    assert (version_words("cpython", 3, 11), version_words("pypy", 3, 11)) == ("3.11", "pypy 3.11")
