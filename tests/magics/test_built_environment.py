"""Cells in environments that are built for them: `--environment requirements.txt`, `--with-package`, a header."""

import sys

import pytest
from IPython.core.error import UsageError

from cellrun.core import Workspace
from cellrun.core.environments.building.built_environments import cached_environments
from cellrun.core.environments.interpreter import ask
from cellrun.core.errors import InvalidSubmissionError, UserErrorException
from cellrun.core.store.lists.index import Index
from tests.interpreters import other_pythons
from tests.magics.notebook_shell import log, newest_run
from tests.wheels import packages  # noqa: F401  # a fixture

BODY = "import sys, tinything\nprint(tinything.WHAT, sys.prefix)\nrun.log('a', 1)"
HEADER = '# /// script\n# dependencies = ["tinything"]\n# ///\n'


pytestmark = pytest.mark.usefixtures("one_library")


@pytest.fixture(autouse=True)
def index(packages, monkeypatch):  # noqa: F811
    """Let uv know no other packages."""
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(packages.folder))


def prefix():
    [kept] = [kept for kept in cached_environments() if kept.is_whole]
    return kept.prefix


def test_a_requirements_file(notebook):
    (notebook.folder / "requirements.txt").write_text("# what it needs\ntinything>=1  # small\n")
    notebook.run("xs = [1, 2]\ndef f(x): return x * len(xs)")
    assert notebook.prints(f"{BODY}\nprint(f(3))", "--environment requirements.txt") == f"tiny {prefix()}\n6\n"
    assert newest_run().get_metrics() == {"a": 1}


def test_a_package_by_its_name(notebook):
    assert notebook.prints(BODY, "--with-package tinything==1.0") == f"tiny {prefix()}\n"


def test_a_project(notebook, packages):  # noqa: F811
    packages.wheel("another")
    text = '[project]\nname = "x"\ndependencies = ["tinything"]\n[project.optional-dependencies]\nmore = ["another"]\n'
    (notebook.folder / "pyproject.toml").write_text(text)
    body = f"import another\n{BODY}"
    assert notebook.prints(body, "--environment pyproject.toml[more]") == f"tiny {prefix()}\n"


def test_a_cell_with_a_header_and_a_package_besides(notebook, packages):  # noqa: F811
    packages.wheel("another")
    notebook.run(f"%%submit --with-package another --wait\n{HEADER}import another\n{BODY}")
    assert log(newest_run()) == f"tiny {prefix()}\n"


def test_a_cell_s_header_is_what_is_built_and_that_is_said(notebook):
    printed = notebook.run(f"%%submit --wait\n{HEADER}{BODY}")
    assert "# /// script" in printed
    assert "tinything" in printed
    assert log(newest_run()) == f"tiny {prefix()}\n"


def test_the_card_says_so_and_builds_nothing(notebook):
    printed = notebook.run(f"%%submit --dry\n{HEADER}{BODY}")
    for fact in ("# /// script", "tinything", "is built before"):
        assert fact in printed
    assert list(cached_environments()) == []


def test_an_environment_that_is_given_comes_before_the_header(notebook, packages):  # noqa: F811
    packages.wheel("another")
    (notebook.folder / "requirements.txt").write_text("another\n")
    body = f"{HEADER}import another, sys\nprint(sys.prefix)"
    assert notebook.prints(body, "--environment requirements.txt") == f"{prefix()}\n"


def test_scripts_and_commands(notebook):
    (notebook.folder / "train.py").write_text(f"{HEADER}import sys, tinything\nprint(sys.prefix)\n")
    notebook.run("%submit --script train.py --wait")
    assert log(newest_run()) == f"{prefix()}\n"
    notebook.run(
        "%submit --with-package tinything --wait --command -- python -c 'import tinything, sys; print(sys.prefix)'"
    )
    assert log(newest_run()) == f"{prefix()}\n"


def test_run_again_and_loaded_it_is_the_same(notebook):
    notebook.run("values = [1, 2, 3]")
    assert notebook.prints(f"{BODY}\nprint(values)\nout = sum(values)", "--with-package tinything --return out")
    first = newest_run()
    again = first.submit_again()
    again.wait_for_completion()
    assert log(again) == log(first)
    notebook.run(f"%load_run {first.id} --replace")
    assert first.result("out") == 6


def test_what_none_of_its_packages_is_known_to_bring_is_noted_not_refused(notebook):
    notebook.run("import numpy as np\nimport pandas")
    printed = notebook.run("%%submit --with-package tinything\nprint(np.arange(3))")
    newest_run().wait_for_completion(raise_on_error=False)
    assert "not among the packages of environment of tinything" in printed
    assert "numpy (" in printed
    assert "pandas" not in printed
    assert newest_run().get_status() == "Failed"


def test_what_a_package_needs_in_turn_is_not_noted(notebook):
    notebook.run("import numpy as np")
    printed = notebook.run("%%submit --with-package pandas --dry\nprint(np.arange(3))")
    assert "not among" not in printed


def test_once_it_is_built_what_it_lacks_is_refused(notebook):
    notebook.run("import numpy as np")
    notebook.run(f"%%submit --with-package tinything --wait\n{BODY}")
    with pytest.raises(InvalidSubmissionError, match="module 'numpy' isn't installed in"):
        notebook.run("%%submit --with-package tinything\nprint(np.arange(3))")


def test_another_python_than_the_notebook_s_runs_it_from_source(notebook, packages):  # noqa: F811
    if not other_pythons():
        pytest.skip("this machine has no other Python that cellrun works with")
    version = ".".join(map(str, ask(other_pythons()[0]).version[:2]))
    text = f'[project]\nname = "x"\nrequires-python = "=={version}.*"\ndependencies = ["tinything"]\n'
    (notebook.folder / "pyproject.toml").write_text(text)
    notebook.run("def twice(x): return 2 * x")
    printed = notebook.run(
        "%%submit --environment pyproject.toml --wait\n"
        "import sys, tinything\nprint('%d.%d' % sys.version_info[:2], twice(2), tinything.WHAT)"
    )
    assert "twice is made from source there" in printed
    assert log(newest_run()) == f"{version} 4 tiny\n"


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        ("--environment nowhere.txt", ["nowhere.txt"]),
        ("--environment no-such-name", ["no-such-name", "requirements.txt"]),
        ("--with-package 'tiny thing'", ["tiny thing"]),
        (f"--environment {sys.prefix} --with-package tinything", ["nothing is installed into", sys.prefix]),
    ],
)
def test_what_is_no_environment_is_said_before_there_is_a_run(notebook, line, facts):
    with pytest.raises((InvalidSubmissionError, UserErrorException, UsageError)) as refused:
        notebook.run(f"%%submit {line}\nprint(1)")
    assert not [fact for fact in facts if fact not in str(refused.value)], str(refused.value)
    assert not Index(Workspace.from_config().layout).runs()


def test_a_header_that_cannot_be_read_is_refused(notebook):
    with pytest.raises(InvalidSubmissionError, match="header"):
        notebook.run("%%submit\n# /// script\n# dependencies = 7\n# ///\nprint(1)")
