"""`Environment.build`, `run.get_environment` and what is cleaned up."""

import json
import os
import shutil
import sys
import time

import pytest

from cellrun.core import Environment
from cellrun.core.environments.building.build_now import build_now
from cellrun.core.environments.building.built_environments import CachedEnvironment, cached_environments
from cellrun.core.environments.building.plan import plan_of
from cellrun.core.errors import UntrustedError, UserErrorException

HOUR_S = 3600


def environment(packages, *lines, name="digits"):
    made = Environment(name)
    for line in (*packages.options, *lines):
        made.python.conda_dependencies.add_pip_package(line)
    return made


def test_it_is_built_now_and_then_there(ws, packages, capsys):
    env = environment(packages, "tinything==1.0")
    built = env.build(ws)
    assert "environment digits is built: 1 package, " in capsys.readouterr().out.lower()
    assert (built.status, dict(built.packages)) == ("Succeeded", {"tinything": "1.0"})
    assert built.wait_for_completion(show_output=True) is built
    assert "tinything" in built.log.read_text()
    assert env.build_local(ws).interpreter == built.interpreter
    assert "is there" in capsys.readouterr().out


def test_what_cannot_be_built_is_an_error_in_the_resolver_s_words(packages, capsys):
    with pytest.raises(UserErrorException, match=r"digits can't be built: .*tinything==7"):
        build_now(packages.spec("tinything==7", name="digits"))
    with pytest.raises(UserErrorException, match=r"3\.77"):
        build_now(packages.spec("tinything", python="3.77"))


def test_the_python_that_has_all_is_used_as_it_is(ws, packages):
    assert environment(packages, "pytest").build(ws).interpreter == sys.executable
    assert list(cached_environments()) == []


def test_a_run_has_its_environment_and_gives_it_if_it_is_ones_own(runs, packages):
    env = environment(packages, "tinything")
    env.environment_variables["LEVEL"] = "3"
    layout = runs.script("import os; print(os.environ['LEVEL'])", environment=env)
    runs.end(layout)
    assert layout.log.read_text() == "3\n"
    found = runs.workspace.get_run(layout.run_id).get_environment()
    assert (found.name, list(found.python.conda_dependencies.pip_packages)) == ("digits", ["tinything"])
    said = json.loads(layout.record.read_text())
    said["environment_spec"] = {"interpreter": "/home/other/python"}
    layout.record.unlink()
    layout.record.write_text(json.dumps(said))
    changed = runs.workspace.get_run(layout.run_id)
    with pytest.raises(UntrustedError, match=r"run\.json"):
        changed.get_environment()
    assert changed.get_environment(trust=True).python.interpreter_path == "/home/other/python"
    plain = runs.script("pass")
    runs.end(plain)
    assert runs.workspace.get_run(plain.run_id).get_environment().python.interpreter_path == sys.executable


def test_a_wheel_that_is_another_than_before_makes_another_environment(packages):
    spec = packages.spec("tinything")
    first = plan_of(spec).kept.key
    assert plan_of(packages.spec("tinything", name="x", variables={"A": "1"})).kept.key == first
    packages.wheel("tinything", text="WHAT = 'another'\n")
    assert plan_of(spec).kept.key != first


def test_where_packages_come_from_makes_another_environment(packages, monkeypatch):
    spec = packages.spec("tinything")
    first = plan_of(spec).kept.key
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert plan_of(spec).kept.key != first
    assert "127.0.0.1" not in plan_of(spec).kept.key


def test_cleaning_removes_what_killed_builds_left_and_what_nobody_used_since(ws, packages):
    build_now(packages.spec("tinything"), show_output=False)
    [used] = cached_environments()
    made = CachedEnvironment.of_key("0" * 24)
    made.order(packages.spec("tinything", name="lost"), sys.executable, {})
    made.new_place().mkdir()
    rest = used.new_place()
    rest.mkdir()
    assert {each.kind for each in ws.clean(dry=True).leftovers} == set()  # somebody may be about to build
    for folder in (used.folder, made.folder):
        os.utime(folder, (time.time() - 2 * HOUR_S,) * 2)
    assert {each.kind for each in ws.clean().leftovers} == {
        "remains of environments that were built",
        "environments that were never whole",
    }
    assert [kept.key for kept in cached_environments()] == [used.key]
    assert used.is_whole
    assert not rest.exists()
    os.utime(used.folder, (time.time() - 40 * 24 * HOUR_S,) * 2)
    assert ws.clean(older_than=50).leftovers == ()
    assert [each.kind for each in ws.clean(older_than=30).leftovers] == ["environments that nobody used since"]
    assert list(cached_environments()) == []


def test_one_that_a_run_is_about_to_use_is_not_cleaned_up(ws, packages):
    spec = packages.spec("tinything")
    build_now(spec, show_output=False)
    [kept] = cached_environments()
    os.utime(kept.folder, (time.time() - 40 * 24 * HOUR_S,) * 2)
    assert plan_of(spec).commands() == ()
    assert ws.clean(older_than=30).leftovers == ()
    assert kept.is_whole


def test_a_python_that_went_with_its_environment_is_built_again(packages):
    """Somebody has removed the folder by hand."""
    spec = packages.spec("tinything")
    build_now(spec, show_output=False)
    [kept] = cached_environments()
    shutil.rmtree(kept.prefix.resolve())
    assert not plan_of(spec).is_there
    build_now(spec, show_output=False)
    assert kept.is_whole
