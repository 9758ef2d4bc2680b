"""Runs in environments that are built for them: once, whole or not at all."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cellrun.core.environment_spec import EnvironmentSpec
from cellrun.core.environments.building.built_environments import cached_environments
from cellrun.core.environments.building.plan import plan_of
from cellrun.core.errors import InvalidSubmissionError, WorkspaceException
from cellrun.core.live.run_poller import RunPoller
from cellrun.core.processes import process_table
from cellrun.core.store.notes import added_notes
from cellrun.core.store.record import RunRecord
from cellrun.core.store.status import Status, StatusFile
from cellrun.core.submission.again import resubmit
from cellrun.core.supervision.launch_spec import LaunchSpec
from cellrun.core.targets.local.target import LocalTarget

SCRIPT = "import os, sys, tinything; print(tinything.WHAT, sys.prefix, os.environ['VIRTUAL_ENV'])"


def preparing(layout, packages, name, until):
    until(lambda: packages.is_building(name), f"the build of {name}")
    assert StatusFile(layout).read().status is Status.PREPARING
    return layout


def log_of(layout):
    return layout.preparation_log.read_text() if layout.preparation_log.exists() else ""


def whole():
    return [kept for kept in cached_environments() if kept.is_whole]


def test_it_is_built_before_the_job_starts_and_its_python_runs_it(runs, packages):
    layout = runs.script(
        SCRIPT,
        environment=packages.spec("tinything==1.0", name="tiny", variables={"MODE": "quick", "API_TOKEN": "hush"}),
    )
    assert runs.end(layout).status is Status.COMPLETED
    [kept] = whole()
    assert layout.log.read_text() == f"tiny {kept.prefix} {kept.prefix}\n"
    assert log_of(layout).startswith("Building environment tiny")
    assert "environment tiny is built" in log_of(layout).lower()
    assert StatusFile(layout).history()[1].status is Status.PREPARING
    assert kept.facts["packages"] == {"tinything": "1.0"}
    assert kept.facts["python"] == sys.version.split()[0]
    record = RunRecord.read(layout)
    assert record.python == f"{sys.version.split()[0]} {kept.interpreter}"
    assert record.environment == "tiny"
    recorded = EnvironmentSpec.from_json(record.environment_spec)
    assert recorded.packages == ("tinything==1.0",)
    assert recorded.variables == {"MODE": "quick"}
    assert record.environment_variables == ["API_TOKEN", "MODE"]
    assert "hush" not in layout.record.read_text() + layout.launch.read_text()
    assert "hush" not in (kept.folder / "wanted.json").read_text()


def test_what_is_built_is_there_for_the_next_which_prepares_nothing_and_for_no_other_user(runs, packages):
    """A script in it has its run, though cellrun isn't installed there; a command finds its programs first."""
    script = "from cellrun.core import Run; Run.get_context().log('a', 1)"
    assert runs.end(runs.script(script, environment=packages.spec("tinything"))).status is Status.COMPLETED
    command = "python -c 'import tinything, sys; print(sys.prefix)'"
    layout = runs.command(command, environment=packages.spec("tinything", name="another name"))
    assert runs.end(layout).status is Status.COMPLETED
    [kept] = whole()
    assert layout.log.read_text() == f"{kept.prefix}\n"
    assert LaunchSpec.read(layout).before == ()
    assert not layout.preparation_log.exists()
    assert {path.stat().st_mode & 0o777 for path in (kept.folder, kept.folder.parent)} == {0o700}


def test_its_variables_give_way_to_the_configs_and_a_run_again_has_those_that_are_no_secret(
    runs, packages, monkeypatch
):
    spec = packages.spec("tinything", variables={"A": "environment", "B": "environment", "API_TOKEN": "hush"})
    script = "import os; print(os.environ['A'], os.environ.get('B'), os.environ.get('API_TOKEN'))"
    layout = runs.script(script, environment=spec, environment_variables={"B": "config"})
    runs.end(layout)
    assert layout.log.read_text() == "environment config hush\n"
    again = resubmit(layout)
    runs.end(again)
    assert again.log.read_text() == "environment None None\n"
    assert "without API_TOKEN, B" in " ".join(added_notes(again))


def test_one_that_cannot_be_built_fails_the_run_in_the_resolvers_words(runs, packages):
    layout = runs.script("print('ran')", environment=packages.spec("tinything==7.7", name="wrong"))
    end = runs.end(layout)
    assert end.status is Status.FAILED
    for fact in ("wrong", "tinything==7.7", "unsatisfiable"):
        assert fact in end.reason
    assert "tinything==7.7" in log_of(layout)
    assert not layout.log.exists() or "ran" not in layout.log.read_text()
    error = runs.workspace.get_run(layout.run_id).get_details()["error"]["error"]
    assert error["log"] == str(layout.preparation_log)
    [kept] = cached_environments()
    assert not kept.is_whole
    assert [path for path in kept.folder.iterdir() if path.name.startswith("made-")] == []


def test_three_runs_at_once_build_it_once_and_the_others_say_for_whom_they_wait(runs, packages, until, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "4")
    go, spec = packages.slow("slowthing"), packages.spec("tinything", "slowthing", name="shared")
    layouts = [runs.script(SCRIPT, environment=spec) for _ in range(3)]
    waiting = [f"Environment shared is being built by run {RunRecord.read(layout).name}" for layout in layouts]
    until(lambda: sum(any(words in log_of(each) for words in waiting) for each in layouts) == 2, "two who wait")
    go.touch()
    assert {runs.end(layout).status for layout in layouts} == {Status.COMPLETED}
    assert sum("Building environment" in log_of(layout) for layout in layouts) == 1
    assert len(whole()) == 1


@pytest.mark.parametrize("victim", ["builder", "canceled"])
def test_who_waits_takes_over_from_a_builder_that_is_killed(runs, packages, until, monkeypatch, victim):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "4")
    go, spec = packages.slow("slowthing"), packages.spec("tinything", "slowthing", name="shared")
    first = preparing(runs.script(SCRIPT, environment=spec), packages, "slowthing", until)
    second = runs.script(SCRIPT, environment=spec)
    until(lambda: f"being built by run {RunRecord.read(first).name}" in log_of(second), "the second one waiting")
    if victim == "canceled":
        runs.target(first).cancel(first)
    else:
        for pid in builders(first):
            os.kill(pid, signal.SIGKILL)
    assert runs.end(first).status is (Status.CANCELED if victim == "canceled" else Status.FAILED)
    until(lambda: "Building environment" in log_of(second), "the second one building")
    assert whole() == []
    go.touch()
    assert runs.end(second).status is Status.COMPLETED
    [kept] = whole()
    assert len(list(kept.folder.glob("made-*"))) == 1


def builders(layout):
    """Return the processes that build for a run."""
    found = []
    for entry in process_table.processes():
        with suppress(OSError):
            if b"build_script" in Path(f"/proc/{entry.pid}/cmdline").read_bytes():
                found.append(entry.pid)
    return [pid for pid in found if process_table.variable(pid, "CELLRUN_RUN_ID") == layout.run_id]


def test_what_a_killed_builder_left_is_never_taken_for_whole(runs, packages, until):
    packages.slow("slowthing")
    layout = preparing(runs.script(SCRIPT, environment=packages.spec("slowthing")), packages, "slowthing", until)
    for pid in builders(layout):
        os.kill(pid, signal.SIGKILL)
    assert runs.end(layout).status is Status.FAILED
    [kept] = cached_environments()
    assert not kept.is_whole
    assert list(kept.folder.glob("made-*"))
    assert not plan_of(packages.spec("slowthing")).is_there


def test_a_run_again_builds_again_what_was_removed(runs, packages):
    layout = runs.script(SCRIPT, environment=packages.spec("tinything"))
    runs.end(layout)
    again = resubmit(layout)
    assert runs.end(again).status is Status.COMPLETED
    assert LaunchSpec.read(again).before == ()
    for kept in whole():
        kept.remove()
    assert list(cached_environments()) == []
    third = resubmit(layout)
    assert runs.end(third).status is Status.COMPLETED
    assert third.log.read_text() == layout.log.read_text()
    assert RunRecord.read(third).environment_spec == RunRecord.read(layout).environment_spec


def test_a_run_that_waited_builds_as_its_submitter_would_have(runs, packages, monkeypatch, tmp_path):
    """Whoever starts it hasn't got its variables, and what is built is everybody's who asks with the same."""
    limits = tmp_path / "limits.txt"
    limits.write_text("tinything<2\n")
    packages.wheel("tinything", "2.0", "WHAT = 'new'")
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    first = runs.running(runs.script("import time; time.sleep(60)"))
    monkeypatch.setenv("UV_CONSTRAINT", str(limits))
    waiting = runs.script(SCRIPT, environment=packages.spec("tinything"))
    assert StatusFile(waiting).read().status is Status.QUEUED
    monkeypatch.delenv("UV_CONSTRAINT")
    LocalTarget("local").cancel(first)
    assert runs.end(waiting).status is Status.COMPLETED
    [kept] = whole()
    assert kept.facts["packages"] == {"tinything": "1.0"}


def test_one_whose_index_has_a_login_is_not_built_without_it(runs, packages, monkeypatch):
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    first = runs.running(runs.script("import time; time.sleep(60)"))
    monkeypatch.setenv("UV_INDEX", "https://ana:s3cret@index.example/simple")
    waiting = runs.script(SCRIPT, environment=packages.spec("tinything"))
    monkeypatch.delenv("UV_INDEX")
    [kept] = cached_environments()
    assert "s3cret" not in (kept.folder / "wanted.json").read_text()
    LocalTarget("local").cancel(first)
    end = runs.end(waiting)
    assert end.status is Status.FAILED
    assert "UV_INDEX" in end.reason


def test_one_in_use_is_not_removed(runs, packages, until):
    go = runs.source / "go"
    script = f"import time, pathlib\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)"
    layout = runs.script(script, environment=packages.spec("tinything"))
    until(lambda: StatusFile(layout).read().status is Status.RUNNING, "Running")
    [kept] = whole()
    with pytest.raises(Exception, match=layout.run_id):
        kept.remove()
    assert kept.is_whole
    go.touch()
    runs.end(layout)
    kept.remove()
    assert list(cached_environments()) == []
    assert not kept.lock.exists()


def test_a_python_that_isnt_here_is_refused_with_what_to_do(runs, packages):
    with pytest.raises(InvalidSubmissionError) as refused:
        runs.script(SCRIPT, environment=packages.spec("tinything", name="future", python="3.77"))
    for fact in ("future", "3.77", "uv python install 3.77", "UV_PYTHON_DOWNLOADS"):
        assert fact in str(refused.value)


def test_what_is_no_environment_is_refused(runs):
    with pytest.raises(InvalidSubmissionError, match="environment=7"):
        runs.script(SCRIPT, environment=7)


def test_a_cache_that_others_can_write_to_is_not_used(runs, packages, home):
    (home / "environments").mkdir(parents=True)
    (home / "environments").chmod(0o777)
    with pytest.raises(WorkspaceException, match="environments"):
        runs.script(SCRIPT, environment=packages.spec("tinything"))


def test_a_lenient_one_takes_what_there_is_and_says_so(runs, packages):
    spec = packages.spec("tinything==0.3", "nobody-has-this", name="old", python="3.6", is_lenient=True)
    with pytest.warns(UserWarning, match=r"Python 3\.6 can't be had"):
        layout = runs.script(SCRIPT, environment=spec)
    assert runs.end(layout).status is Status.COMPLETED
    notes = " ".join(added_notes(layout))
    for fact in ("tinything==0.3", "nobody-has-this", "Python 3.6"):
        assert fact in notes
        assert fact in log_of(layout) or fact == "Python 3.6"
    with pytest.warns(UserWarning, match="3.6"):
        warm = runs.script(SCRIPT, environment=spec)
    runs.end(warm)
    assert sorted(added_notes(warm)) == sorted(added_notes(layout))
    assert LaunchSpec.read(warm).before == ()


def test_strict_does_none_of_it(runs, packages, monkeypatch):
    monkeypatch.setenv("CELLRUN_BUILD", "strict")
    end = runs.end(runs.script(SCRIPT, environment=packages.spec("tinything==0.3", is_lenient=True)))
    assert end.status is Status.FAILED
    assert "tinything==0.3" in end.reason


def test_a_lenient_one_is_the_notebooks_own_python_where_that_has_all_of_it(runs, packages):
    layout = runs.script("import sys; print(sys.executable)", environment=packages.spec("pytest", is_lenient=True))
    runs.end(layout)
    assert layout.log.read_text() == f"{sys.executable}\n"
    assert list(cached_environments()) == []


def test_the_build_begins_what_is_shown_as_the_run_s_log_and_is_printed_under_its_own_name(
    runs, packages, until, capsys
):
    go = packages.slow("slowthing")
    layout = runs.script(SCRIPT, environment=packages.spec("tinything", "slowthing", name="shown"))
    preparing(layout, packages, "slowthing", until)
    poller = RunPoller(layout)
    until(lambda: b"Building environment shown" in poller.read_log(0, poller.poll().log_size), "the build in the view")
    go.touch()
    runs.end(layout)
    text = poller.read_log(0, poller.poll().log_size)
    assert text == layout.preparation_log.read_bytes() + layout.log.read_bytes()
    run = runs.workspace.get_run(layout.run_id)
    assert [*run.get_details()["logFiles"]] == ["user_logs/prepare_log.txt", "user_logs/std_log.txt"]
    assert "user_logs/prepare_log.txt" in run.get_file_names()
    run.download_file("azureml-logs/20_image_build_log.txt", str(runs.source / "build.txt"))
    assert (runs.source / "build.txt").read_bytes() == layout.preparation_log.read_bytes()
    run.wait_for_completion(show_output=True)
    printed = capsys.readouterr().out
    parts = ("prepare_log.txt", "Building environment shown", "Streaming user_logs/std_log.txt", "tiny ")
    places = [printed.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.skipif(os.geteuid() != 0, reason="a disk is mounted")
def test_a_disk_that_fills_up_fails_the_run_and_leaves_nothing_taken_for_whole(runs, packages, small_disk, home):
    disk = small_disk("tmpfs")
    packages.wheel("bigthing", text=f"TEXT = {'x' * 6_000_000!r}\n")
    home.mkdir(exist_ok=True)
    (home / "environments").symlink_to(disk.folder)
    layout = runs.script(SCRIPT, environment=packages.spec("bigthing", "tinything"))
    end = runs.end(layout)
    assert end.status is Status.FAILED
    assert "space" in end.reason
    assert whole() == []
    (kept,) = cached_environments()
    assert list(kept.folder.glob("made-*")) == []
