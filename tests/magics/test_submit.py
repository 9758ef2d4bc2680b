"""`%%submit` and `%submit`, in a real shell, with real runs."""

import pytest
from IPython.core.error import UsageError

from cellrun.core import Run, Workspace
from cellrun.core.context.manifest import Context
from cellrun.core.errors import ActivityFailedException, InvalidSubmissionError, UserErrorException
from cellrun.core.store.lists.index import Index
from cellrun.core.store.record import RunRecord
from cellrun.core.targets.local.target import LocalTarget
from tests.core.submitted_runs import wait_for
from tests.files_below import files_below
from tests.magics.notebook_shell import log, newest_run

in_forks = pytest.mark.usefixtures("jobs_in_forks")


def runs() -> int:
    return len(Index(Workspace.from_config().layout).runs())


def record(run: Run) -> RunRecord:
    return RunRecord.read(run.layout)


def test_a_training_cell_is_a_run(notebook):
    notebook.run("import numpy as np\nX = np.arange(6.0).reshape(3, 2)\ndef loss(w): return float((X @ w).sum())")
    run = notebook.submit(
        "import argparse\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--learning_rate', type=float)\n"
        "parser.add_argument('--momentum', type=float)\n"
        "args = parser.parse_args()\n"
        "for epoch in range(3):\n"
        "    run.log('loss', loss(np.ones(2)) / (epoch + 1))\n"
        "print(args)\n"
        "run.log('rate', args.learning_rate)",
        "digits -- --learning_rate 0.001 --momentum 0.9",
    )
    assert run.get_status() == "Completed", log(run)
    assert log(run) == "Namespace(learning_rate=0.001, momentum=0.9)\n"
    assert run.get_metrics() == {"loss": [15.0, 7.5, 5.0], "rate": 0.001}
    assert run.experiment.name == "digits"
    assert record(run).parameters == {"learning_rate": "0.001", "momentum": "0.9"}


def test_the_notebook_is_free_at_once_and_has_the_run(notebook):
    notebook.run("%%submit\nimport sys\nprint(sys.stdin.read() == '')")
    assert isinstance(notebook.names["run"], Run)
    notebook.names["run"].wait_for_completion()
    assert log(notebook.names["run"]) == "True\n"


@in_forks
def test_arguments_arrive_as_they_are(notebook):
    line = "-- 'a b' --x=1 -- \"it's\" '{q}' ';' '$HOME' --flag"
    printed = notebook.prints("import sys\nprint(sys.argv[1:], sys.argv[0][-7:])", line)
    assert printed == "['a b', '--x=1', '--', \"it's\", '{q}', ';', '$HOME', '--flag'] cell.py\n"


@in_forks
def test_a_comment_ends_the_line_and_names_stand_for_the_notebooks_values(notebook):
    notebook.run("rate = 0.5")
    printed = notebook.prints("import sys\nprint(sys.argv[1:])", "digits -- --lr {rate} $rate  # it's the first try")
    assert printed == "['--lr', '0.5', '0.5']\n"


def test_options_become_the_runs(notebook, monkeypatch):
    monkeypatch.setenv("OF_THE_NOTEBOOK", "kept")
    line = (
        "exp --target local --name 'a name' --cpus 2 --memory 100M --timeout 2m --env A=1 --env B='x y' "
        "--env OF_THE_NOTEBOOK"
    )
    run = notebook.submit("import os\nprint(os.environ['A'], os.environ['B'], os.environ['OF_THE_NOTEBOOK'])", line)
    assert log(run) == "1 x y kept\n"
    found = record(run)
    assert (found.experiment, found.target, found.display_name) == ("exp", "local", "a name")
    assert found.resources == {"cpus": 2, "gpus": 0, "memory_bytes": 100_000_000, "threads": 2}
    assert found.max_run_duration_seconds == 120
    assert found.environment_variables == ["A", "B", "OF_THE_NOTEBOOK"]
    assert "kept" not in run.layout.record.read_text()


@in_forks
def test_the_cell_is_recorded(notebook, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook.folder / "My study (1).ipynb"))
    run = notebook.submit("1 + 1")
    assert run.experiment.name == "My-study-1"
    assert record(run).cell == {
        "source": "%%submit \n1 + 1",
        "id": None,
        "notebook": str(notebook.folder / "My study (1).ipynb"),
        "execution_count": 2,
        "title": "Cell In[2]",
    }
    assert log(run) == "2\n"


@in_forks
def test_without_a_notebook_the_folder_names_the_experiment(notebook):
    assert notebook.submit("pass").experiment.name == notebook.folder.name


@in_forks
def test_a_failed_cell_points_at_its_line(notebook):
    notebook.run("def divide(a, b):\n    return a / b")
    run = notebook.submit("\n# two\nx = 1\ndivide(x, 0)")
    assert run.get_status() == "Failed"
    lines = log(run).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1:3] == ["  Cell In[3], line 5", "    divide(x, 0)"]
    assert "  Cell In[2], line 2, in divide" in lines
    assert "    return a / b" in lines
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert not any("cellrun" in line for line in lines)


def test_wait_raises_what_the_run_died_of(notebook):
    with pytest.raises(ActivityFailedException, match="KeyError: 'nowhere'"):
        notebook.run("%%submit --wait\n{}['nowhere']")
    assert newest_run().get_status() == "Failed"


@in_forks
def test_wait_prints_the_log(notebook):
    assert "seen\n" in notebook.run("%%submit --wait\nprint('seen')")


def test_without_a_view_it_is_said_where_the_run_is_seen(notebook, monkeypatch):
    monkeypatch.setenv("CELLRUN_PUBLIC_URL", "https://hub.example.org/")
    printed = notebook.run("%%submit\n1")
    run = newest_run()
    address = f"https://hub.example.org/cellrun/workspaces/{run.experiment.workspace.id}/runs/{run.id}"
    assert printed.splitlines().count(f"Web View: {address}") == 1
    waited = notebook.run("%%submit --wait\nprint('seen')")  # above the log and below it
    assert [line.partition(" ")[0] for line in waited.splitlines() if "Web " in line or "seen" in line] == [
        "Web",
        "seen",
        "Web",
    ]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("x = (\n", 2),
        ("  \n\nreturn 3", 4),
        ("x = 1\ndef f(:\n    pass", 3),
        ("\n\nreturn 3", 4),
        ("x = 1\n  y = 2", 3),
    ],
)
def test_a_syntax_error_has_the_cells_line_and_makes_no_run(notebook, body, line):
    with pytest.raises(SyntaxError) as caught:
        notebook.run(f"%%submit\n{body}")
    assert caught.value.lineno == line
    title = notebook.shell.compile.format_code_name(caught.value.filename)
    assert title == ("Cell", "In[2]")  # so IPython shows the cell itself
    assert runs() == 0


@pytest.mark.parametrize(
    ("line", "cell", "place"), [("", "x = 1\nprint('\ud800')", 3), ("--name '\ud800'", "x = 1", 1)]
)
def test_a_cell_that_no_file_can_hold_says_on_which_line_why(notebook, line, cell, place):
    with pytest.raises(
        UserErrorException, match=rf"line {place} of the cell holds '\\ud800', half of a surrogate pair"
    ):
        notebook.run(f"%%submit {line}\n{cell}")
    assert runs() == 0


def test_what_cannot_travel_is_refused_in_one_error(notebook, tmp_path):
    (tmp_path / "x.txt").write_text("secret text")
    notebook.run(
        f"f = open({str(tmp_path / 'x.txt')!r})\nimport threading\ncfg = {{'io': [1, {{'lock': threading.Lock()}}]}}"
    )
    with pytest.raises(InvalidSubmissionError) as caught:
        notebook.run("%%submit\nprint(f.read())\nprint(cfg)\nprint(no_such_name)")
    notebook.run("f.close()")
    assert runs() == 0
    assert len(caught.value.problems) == 3
    missing, file, hidden = caught.value.problems
    assert "'no_such_name'" in missing
    assert "line 4" in missing
    assert file == (
        "f is an open file (TextIOWrapper) and can't be captured; needed in line 2; "
        "open it inside the cell, or leave it out: --without f"
    )
    assert hidden == (
        "cfg['io'][1]['lock'] is a lock (lock) and can't be captured; needed in line 3; "
        "make it inside the cell, or leave it out: --without cfg"
    )


def test_a_refusal_is_shown_without_our_own_frames(notebook):
    with pytest.raises(InvalidSubmissionError) as caught:
        notebook.run("%%submit --cpus 0 --memory lots\nno_such_name")
    shown = "\n".join(caught.value._render_traceback_())
    assert shown == f"InvalidSubmissionError: {caught.value}"
    assert "cpus=0" in shown
    assert "memory='lots'" in shown
    assert "'no_such_name'" in shown


@in_forks
def test_a_name_that_may_be_missing_is_only_noted(notebook):
    printed = notebook.run("%%submit\nif len('a') > 1:\n    print(later)\nprint('fine')")
    assert "'later' (line 3) is not defined" in printed
    run = newest_run()
    run.wait_for_completion()
    assert log(run) == "fine\n"


@in_forks
class TestTheRunInTheCell:
    def test_it_is_bound_even_if_the_notebooks_run_is_another_one(self, notebook):
        first = notebook.submit("run.tag('which', 'first')", "e")
        second = notebook.submit("run.tag('which', 'second')\nprint(run.id)", "e")
        assert (first.get_tags(), second.get_tags()) == ({"which": "first"}, {"which": "second"})
        assert log(second).strip() == second.id

    def test_functions_of_the_notebook_have_it_too(self, notebook):
        notebook.run("def note(name, value):\n    run.log(name, value)")
        assert notebook.submit("note('a', 1)").get_metrics() == {"a": 1}

    def test_a_name_of_the_notebook_is_never_overwritten(self, notebook):
        notebook.run("def run(): return 'the notebook\\'s own'")
        for number in (1, 2):  # submitting the same cell again gives the same
            printed = notebook.run(
                "%%submit e\nfrom cellrun.core import Run\nprint(run())\nRun.get_context().log('n', 2)"
            )
            assert f"'run_{number}'" in printed
            assert "the notebook's own (function)" in printed
            run = notebook.names[f"run_{number}"]
            run.wait_for_completion()
            assert log(run) == "the notebook's own\n"
            assert run.get_metrics() == {"n": 2}
        assert notebook.names["run"]() == "the notebook's own"

    def test_an_open_run_keeps_its_name(self, notebook):
        notebook.run("%start_logging mine --no-view")
        opened = notebook.names["run"]
        assert "'run_1'" in notebook.run("%%submit other\nrun.log('of', 'other')")
        notebook.names["run_1"].wait_for_completion()
        assert notebook.names["run"] is opened
        assert notebook.names["run_1"].get_metrics() == {"of": "other"}
        assert opened.get_metrics() == {}

    def test_as_names_it_here_and_there(self, notebook):
        notebook.run("run = 5")
        submitted = notebook.submit("trial.log('v', run)", "--as trial")
        assert submitted.get_metrics() == {"v": 5}
        assert notebook.names["trial"].id == submitted.id
        assert notebook.names["run"] == 5

    def test_a_cell_that_uses_another_run_than_its_own_is_told(self, notebook):
        notebook.run("from cellrun.core import Experiment, Workspace")
        notebook.run("run = Experiment(Workspace.from_config(), 'long').start_logging()")
        told = notebook.run("%%submit --as trial\nrun.log('i', 1)")
        assert "'run' in the cell is the notebook's run long-1; the cell's own run is 'trial'" in told

    def test_a_missing_run_says_what_the_cells_run_is_called(self, notebook):
        with pytest.raises(InvalidSubmissionError, match=r"'run' is not defined.*the cell's own run is 'trial'"):
            notebook.run("%%submit --as trial\nrun.log('i', 1)")

    def test_as_refuses_a_name_that_is_taken(self, notebook):
        notebook.run("x = 5")
        with pytest.raises(UsageError, match=r"a variable \(int\).*--as trial"):
            notebook.run("%%submit --as x\npass")
        assert runs() == 0

    def test_runs_workspaces_and_experiments_travel_by_reference(self, notebook):
        notebook.run("from cellrun.core import Experiment, Workspace\nws = Workspace.from_config()")
        earlier = notebook.submit("run.log('acc', 0.5)", "e")
        notebook.names["earlier"] = earlier
        notebook.run("exp = Experiment(ws, 'other')\nkept = [earlier]\nopened = exp.start_logging()\nprint(opened)")
        printed = notebook.prints(
            "print(earlier.get_metrics(), kept[0].id == earlier.id, exp.name, ws.name, opened.get_status())", "e"
        )
        assert printed == "{'acc': 0.5} True other default Running\n"


class TestScriptsAndCommands:
    def test_a_script_with_its_folder(self, notebook):
        (notebook.folder / "src").mkdir()
        (notebook.folder / "src" / "train.py").write_text("import sys, helper\nprint(helper.NAME, sys.argv[1:])\n")
        (notebook.folder / "src" / "helper.py").write_text("NAME = 'helped'\n")
        notebook.run("%submit digits --script train.py --source-directory src -- --lr 0.1 'a b'")
        run = newest_run()
        run.wait_for_completion()
        assert log(run) == "helped ['--lr', '0.1', 'a b']\n"
        assert (run.experiment.name, record(run).kind) == ("digits", "script")

    def test_what_is_left_out_of_a_scripts_folder_is_said_in_a_line(self, notebook):
        (notebook.folder / "src").mkdir()
        (notebook.folder / "src" / "train.py").touch()
        (notebook.folder / "src" / ".env").write_text("A=1\n")
        printed = notebook.run("%submit --script train.py --source-directory src")
        (said,) = [line for line in printed.splitlines() if ".env" in line]
        assert said.startswith("cellrun: snapshot of ")
        assert "Warning" not in printed

    def test_the_cell_as_a_shell_script(self, notebook):
        run = notebook.submit("export RANK=3\necho rank $RANK && pwd", "--command")
        assert log(run) == f"rank 3\n{run.layout.work}\n"
        assert record(run).kind == "command"

    def test_a_command_in_the_line(self, notebook):
        notebook.run('%submit --command -- export RANK=3 && echo "rank  $RANK"')
        run = newest_run()
        run.wait_for_completion()
        assert log(run) == "rank  3\n"

    def test_a_commands_names_are_the_shells(self, notebook):
        notebook.run("i = 7")
        notebook.run("%submit --command -- 'for i in 1 2; do echo $i; done'")
        run = newest_run()
        run.wait_for_completion()
        assert log(run) == "1\n2\n"


def test_a_canceled_cell_runs_its_finally(notebook):
    body = "import time\ntry:\n    print('up')\n    time.sleep(60)\nfinally:\n    run.log('saved', 1)"
    notebook.run(f"%%submit\n{body}")
    run = newest_run()
    wait_for(lambda: "up" in log(run), "the cell to begin")
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    assert run.get_metrics() == {"saved": 1}
    assert log(run).splitlines()[-1] == "KeyboardInterrupt"


SAMPLE = r"(?s)for example.*%%?submit"


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("%%submit --nonsense 3\npass", "unrecognized: --nonsense"),
        ("%%submit a b\npass", "unrecognized: b"),
        ("%%submit --cpus many\npass", "invalid int value: 'many'"),
        ("%%submit --timeout soon\npass", "'soon' is no duration"),
        ("%%submit --env =3\npass", "'=3' is no variable"),
        ("%%submit --source-directory src\npass", "--source-directory goes with --script"),
        ("%submit digits", "there is no cell to submit"),
        ("%%submit --script train.py\npass", "--script and a cell exclude each other"),
        ("%submit --script train.py --command", "--script and --command exclude each other"),
        ("%submit --command", "--command takes its command from"),
        ("%%submit --command -- ls\nls", "--command takes its command from"),
        ("%%submit --name 'open\npass", "no closing quotation"),
        ("%%submit -- 'open\npass", "no closing quotation"),
        ("%%submit --env NOT_THERE_AT_ALL\npass", "no environment variable 'NOT_THERE_AT_ALL'"),
        ("%%submit --as 2x\npass", "'2x' is no name"),
    ],
)
def test_bad_use_is_a_usage_error_with_a_sample(notebook, cell, problem):
    with pytest.raises(UsageError, match=problem) as caught:
        notebook.run(cell)
    caught.match(SAMPLE)
    assert runs() == 0


@pytest.mark.parametrize("magic", ["submit", "start_logging", "runs"])
def test_help_explains_each_option_with_an_example(notebook, magic):
    for kind in ("line", "cell"):
        function = notebook.shell.magics_manager.magics[kind].get(magic)
        if function is None:
            assert (magic, kind) != ("submit", "cell")
            continue
        text = function.__doc__
        assert f"%{magic}" in text
        explained = text[text.index("positional arguments:") :]
        entries = [entry for entry in explained.split("\n  ") if entry.startswith(("-", "experiment", "status"))]
        assert entries
        joined = " ".join(explained.split())
        assert joined.count("e.g.") == len(entries)
        shown = notebook.shell.object_inspect_text(f"%{magic}")
        assert "positional arguments:" in shown


def test_a_value_that_somebody_exchanges_before_the_run_starts_is_not_loaded(notebook, monkeypatch, tmp_path):
    """Another user who can write to the workspace's values, while the run waits."""
    monkeypatch.setenv("CELLRUN_LOCAL_CPUS", "1")
    notebook.run("%submit first --command -- until [ -e go ]; do sleep 0.05; done")
    first = newest_run()
    notebook.run("rows = list(range(1000))")
    notebook.run("%%submit second\nprint(len(rows))")
    second = newest_run()
    (group,) = Context.read(second.layout.context).groups
    value = second.layout.workspace.values / group.payload.hash[:2] / group.payload.hash
    hostile = f"cos\nmkdir\n(S'{tmp_path / 'marker'}'\ntR.".encode()
    value.write_bytes(hostile.ljust(group.payload.bytes, b"."))
    (first.layout.work / "go").touch()
    second.wait_for_completion(raise_on_error=False)
    assert second.get_status() == "Failed"
    assert (
        f"{value} was changed since it was written: it can't be used"
        in second.get_details()["error"]["error"]["message"]
    )
    assert not (tmp_path / "marker").exists()


@in_forks
def test_of_other_cells_only_what_the_run_needs_is_kept(notebook):
    notebook.run(
        "password = 'hush-hush'\n"
        "def f(x):\n"
        "    return 1 / x\n"
        "token = 'hush-hush'\n"
        "class Model:\n"
        "    '''It has a text.'''\n"
        "    def run(self): return f(0)\n"
        "key = 'hush-hush'\n"
    )
    run = notebook.submit(
        "import inspect, traceback\n"
        "print(inspect.getsource(f))\n"
        "try: Model().run()\n"
        "except ZeroDivisionError: traceback.print_exc()"
    )
    printed = log(run)
    assert printed.startswith("def f(x):\n    return 1 / x\n\nTraceback")
    assert "line 7, in run\n    def run(self): return f(0)\n" in printed
    assert "line 3, in f\n    return 1 / x\n" in printed
    kept = b"".join(files_below(run.layout.workspace.folder).values())
    assert b"return 1 / x" in kept
    assert b"hush-hush" not in kept


@in_forks
def test_options_for_the_targets_engine_come_through_or_are_refused(notebook, monkeypatch):
    with pytest.raises(
        InvalidSubmissionError, match=r"target 'local' \(local\) takes no options; leave 'partition' out"
    ):
        notebook.run("%%submit --option partition=gpu\npass")
    with pytest.raises(UsageError, match="give NAME=VALUE, as in partition=gpu"):
        notebook.run("%%submit --option partition\npass")
    monkeypatch.setattr(LocalTarget, "options_known", {"partition": "where it queues", "qos": "how soon"})
    run = notebook.submit("pass", "--option partition=gpu --option qos=a=b --env-in-engine")
    assert record(run).options == {"partition": "gpu", "qos": "a=b"}
    assert record(run).env_in_engine
