"""The magics in a real kernel: what Jupyter sends with a cell, shows below it, and never prints."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from cellrun.core import Run, Workspace
from cellrun.core.store.record import RunRecord
from tests.forks import Forks
from tests.magics.kernels import Kernel, connected, forked_kernel
from tests.magics.notebook_shell import log, newest_run
from tests.wheels import packages  # noqa: F401  # a fixture


@pytest.fixture
def manager() -> KernelManager:
    return KernelManager()


@pytest.fixture
def kernel(notebook_folder: Path, kernel_forks: Forks) -> Iterator[Kernel]:
    """A kernel in a notebook's folder; that it is as one which a server starts is seen below."""
    with forked_kernel(notebook_folder, kernel_forks) as kernel:
        yield kernel


@pytest.fixture
def started_kernel(tmp_path: Path, manager: KernelManager) -> Iterator[Kernel]:
    """A kernel in a notebook's folder, as a server starts it."""
    folder = tmp_path / "started" / "notebook"
    folder.mkdir(parents=True)
    environment = {
        **os.environ,
        "JPY_SESSION_NAME": str(folder / "study.ipynb"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    manager.start_kernel(cwd=str(folder), env=environment)
    try:
        with connected(manager.blocking_client()) as kernel:
            yield kernel
    finally:
        manager.shutdown_kernel(now=True)


def test_a_cell_is_submitted_with_its_place_and_its_view(started_kernel):
    started_kernel.run("k = 3\ndef triple(x):\n    return k * x")
    executed = started_kernel.run(
        "%%submit\nprint(triple(2))\nimport inspect\nprint(inspect.getsource(triple))", "cell-17"
    )
    assert not executed.error
    run = newest_run()
    reference = {"version": 1, "workspace_id": run.experiment.workspace.id, "run_id": run.id}
    (shown,) = executed.displayed
    assert shown["application/vnd.cellrun.run.v1+json"] == reference
    assert "application/vnd.jupyter.widget-view+json" in shown
    run.wait_for_completion()
    assert log(run) == "6\ndef triple(x):\n    return k * x\n\n"
    assert run.experiment.name == "study"
    cell = RunRecord.read(run.layout).cell
    assert (cell["id"], cell["execution_count"], cell["title"]) == ("cell-17", 3, "Cell In[3]")
    assert cell["source"].startswith("%%submit\nprint(triple(2))")
    assert cell["notebook"].endswith("/notebook/study.ipynb")
    again = started_kernel.run("run.get_status()\nprint(run.id)")
    assert again.text.strip() == run.id


def test_what_a_kernel_prints_of_a_wide_table_is_what_the_run_prints(kernel):
    kernel.run("import pandas as pd\ndf = pd.DataFrame([range(1000, 1018)], columns=[f'column{i}' for i in range(18)])")
    printed = kernel.run("print(df)").text
    assert "..." not in printed  # a kernel breaks the lines of a table, a process without one leaves columns out
    kernel.run("%%submit\nprint(df)")
    run = newest_run()
    run.wait_for_completion(raise_on_error=False)
    assert log(run) == printed


def test_what_asks_for_the_shell_finds_a_kernels_and_tqdm_stays_text(kernel):
    cell = """import pandas as pd
print(pd.DataFrame([[1234.5] * 30]))
ip = get_ipython()
print(type(ip).__name__, hasattr(ip, 'kernel'))"""
    kernel.run("%%submit\n" + cell + "\nfrom tqdm.auto import tqdm\nfor _ in tqdm([1]): pass")
    run = newest_run()
    run.wait_for_completion(raise_on_error=False)
    printed = log(run)
    assert "100%" in printed
    assert printed.startswith(kernel.run(cell).text)  # it loads pandas itself: its options tell nothing of the notebook


def test_figures_of_a_kernel_are_images_of_the_run(kernel):
    kernel.run("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])")
    executed = kernel.run("%%submit\nplt.plot([3, 4])\nplt.show()\nfig")
    assert not executed.error
    run = newest_run()
    run.wait_for_completion(raise_on_error=False)
    assert log(run) == "<Figure size 640x480 with 1 Axes>\n"
    assert set(run.get_metrics()) == {"figure_1", "figure_2"}


def test_targets_are_a_table_below_the_cell_and_an_error_is_its_text_alone(kernel, tmp_path):
    kernel.run("from cellrun.core import Workspace\nws = Workspace.from_config()")
    kernel.run(f"ws.attach('cluster', 'fake', folder={str(tmp_path / 'far')!r})")
    (shown,) = kernel.run("%targets").displayed
    assert shown["text/html"].startswith("<table>")
    assert [">local<" in shown["text/html"], ">cluster<" in shown["text/html"]] == [True, True]
    assert "cluster  fake" in shown["text/plain"]
    (shown,) = kernel.run("%targets cluster").displayed
    assert ">namespaces</td>" in shown["text/html"]
    error = plain("\n".join(kernel.run("%targets clutser").error))
    assert error.startswith("NoSuchTargetError: no compute target 'clutser'; known: local, cluster; did you mean")
    assert "\n" not in error


def test_a_failed_cell_names_the_cells_of_the_notebook(kernel):
    kernel.run("def f():\n    raise KeyError('lost')")
    kernel.run("%%submit\n\nf()")
    run = newest_run()
    run.wait_for_completion(raise_on_error=False)
    lines = log(run).splitlines()
    assert "  Cell In[3], line 3" in lines
    assert "  Cell In[2], line 2, in f" in lines
    assert "    raise KeyError('lost')" in lines


@pytest.mark.parametrize("call", ["run.log('m', 1, step='x')", "run.log_row('m', x=[1])"])
def test_a_log_call_that_fails_shows_the_users_line_and_none_of_our_files(kernel, call):
    kernel.run("%start_logging e --no-view")
    kernel.run(f"def train():\n    {call}")
    error = plain("\n".join(kernel.run("train()").error))
    assert "Cell In[4], line 1" in error
    assert f"----> 2     {call}" in error
    assert "cellrun/core" not in error
    kernel.run(f"%%submit\n\ndef train():\n    {call}\ntrain()")
    run = newest_run()
    run.wait_for_completion(raise_on_error=False)
    indented = [line for line in log(run).splitlines() if line.startswith("  ")]
    code = [line for line in indented if line.strip(" ~^")]  # which newer Pythons underline
    assert code[-2:] == ["  Cell In[5], line 4, in train", f"    {call}"]


def test_so_does_one_that_the_disk_refuses(kernel):
    kernel.run("%start_logging e --no-view")
    kernel.run("import shutil, time\nwhile not run.layout.environment.exists(): time.sleep(0.05)")  # all is written
    kernel.run("shutil.rmtree(run.layout.folder)")
    error = plain("\n".join(kernel.run("run.log('m', 1)").error))
    assert "----> 1 run.log('m', 1)" in error
    assert error.endswith("its folder is gone")
    assert "cellrun/core" not in error


def test_settings_of_the_shell_travel_and_a_fresh_kernel_has_none(kernel):
    kernel.run("%%submit\n1 / 3")
    fresh = newest_run()
    fresh.wait_for_completion()
    assert '"IPython"' not in (fresh.layout.context / "context.json").read_text()
    kernel.run("%matplotlib inline\n%precision 2")
    kernel.run("from IPython.core.interactiveshell import InteractiveShell")
    kernel.run("InteractiveShell.ast_node_interactivity = 'all'")
    magic = "from IPython.core.magic import register_line_magic\n@register_line_magic\n"
    kernel.run(f"{magic}def half(x): return int(x) / 2")
    kernel.run("%%submit\n1 / 3\n%half 5\n2 / 3")
    run = newest_run()
    run.wait_for_completion()
    assert log(run) == "0.33\n2.50\n0.67\n"
    state = re.findall(r'"module": "IPython",\s*"what": "(.*)"', (run.layout.context / "context.json").read_text())
    assert state == ["ast_node_interactivity", "text format", "magics"]


def test_a_syntax_error_shows_the_cell(kernel):
    executed = kernel.run("%%submit\nx = 1\nfor")
    shown = plain("\n".join(executed.error))
    assert "Cell In[2], line 3" in shown
    assert "SyntaxError" in shown
    assert "run_cell_magic" not in shown  # nor any other frame of how it was found
    assert "eval('1 +')" in plain("\n".join(kernel.run("eval('1 +')").error))  # other ones have theirs


def test_prints_shell_lines_and_tracebacks_are_the_log_of_an_open_run(kernel):
    kernel.run("%start_logging\nprint('printed')")
    kernel.run("!echo from the shell")
    kernel.run("x = {}\nx['missing']")
    kernel.run("run.complete()")
    run = newest_run()
    text = plain(log(run)).replace("\r\n", "\n")
    assert text.startswith("printed\nfrom the shell\n")
    assert text.count("KeyError: 'missing'") == 1
    assert "Cell In[4], line 2" in text
    assert "interactiveshell" not in text


def test_when_the_kernel_goes_away_its_open_run_fails_and_a_submitted_one_goes_on(started_kernel, manager, tmp_path):
    go = tmp_path / "go"
    started_kernel.run("%start_logging mine --no-view")
    wait = f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.05)\n"
    started_kernel.run(f"%%submit other --timeout 60s\n{wait}run.log('a', 1)")
    manager.shutdown_kernel(now=True)  # as a restart does: SIGKILL to its whole group
    workspace = Workspace.from_config()
    opened, submitted = Run.get(workspace, "mine-1"), Run.get(workspace, "other-1")
    assert opened.get_status() == "Failed"
    assert "kernel went away" in str(opened.get_details()["error"])
    assert submitted.get_status() in {"Starting", "Running"}
    go.touch()
    submitted.wait_for_completion()
    assert submitted.get_metrics() == {"a": 1}


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_forked_kernel_is_as_one_that_a_server_starts(started_kernel, notebook_in_kernel):
    cells = [
        "import os, sys\nprint(sys._getframe().f_code.co_filename.replace(str(os.getpid()), '<pid>'))",
        "print(len(In), sorted(globals()), __name__, sys.path)",
        "print(os.path.basename(os.getcwd()), sorted(set(os.environ)))",
        "import __main__\nprint(type(get_ipython()), type(get_ipython().kernel), sys.stdin.closed, __main__.In is In)",
    ]
    printed = [(started_kernel.run(cell).text, notebook_in_kernel.run(cell)) for cell in cells]
    for started, forked in printed:
        assert forked == started
    assert "ipykernel_<pid>" in printed[0][0]
    started_kernel.run("%%submit\n1")
    modules = "print(sorted(sys.modules))"
    assert set(eval(notebook_in_kernel.run(modules))) - set(eval(started_kernel.run(modules).text)) == set()


def test_a_cell_runs_in_an_environment_that_is_built_for_it(kernel, packages):  # noqa: F811
    kernel.run(f"%env UV_NO_INDEX=1\n%env UV_FIND_LINKS={packages.folder}\n%env UV_CACHE_DIR={packages.folder}-uv")
    kernel.run("values = [1, 2]\ndef double(x):\n    return 2 * x")
    executed = kernel.run("%%submit --with-package tinything\nimport tinything\nprint(tinything.WHAT, double(values))")
    assert not executed.error
    run = newest_run()
    run.wait_for_completion()
    assert log(run) == "tiny [1, 2, 1, 2]\n"
    (shown,) = kernel.run("%environments").displayed
    assert "tinything" in shown["text/html"]


def test_the_cells_of_an_interactive_run_are_its_code(kernel):
    kernel.run("from cellrun.core import Experiment, Workspace\nexp = Experiment(Workspace.from_config(), 'e')", "c-1")
    kernel.run("run = exp.start_logging()", "c-2")
    kernel.run("run.log('x', 1)\n%matplotlib --list", "c-3")
    kernel.run("run.complete()", "c-4")
    kernel.run("after = 1", "c-5")
    run = newest_run()
    kept = (run.layout.snapshot / "notebook_cells.py").read_text()
    assert kept == (
        "# %% In[3]\nrun = exp.start_logging()\n\n"
        "# %% In[4]\nrun.log('x', 1)\n%matplotlib --list\n\n"
        "# %% In[5]\nrun.complete()\n\n"
    )
