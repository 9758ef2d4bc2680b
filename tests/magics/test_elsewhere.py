"""What the card and a refusal say of a target that is another machine, before anything is sent there."""

import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from cellrun.core import Workspace
from cellrun.core.context.manifest import Context
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.store.lists.index import Index
from cellrun.core.targets.contract import Capability
from tests.magics.box import registered
from tests.magics.notebook_shell import newest_run

OTHER = f"3.{13 if sys.version_info[1] != 13 else 12}.5"
SKLEARN = version("scikit-learn")
OURS = ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def attach(notebook, monkeypatch):
    """Attach `box`, which says of itself what is given."""
    with registered(monkeypatch):
        yield lambda **said: Workspace.from_config().attach("box", "box", **said)


def card(notebook, body, line=""):
    return " ".join(notebook.run(f"%%submit --dry --target box {line}\n{body}").split())


def lines_of(notebook, body, line=""):
    text = notebook.run(f"%%submit --dry --target box {line}\n{body}")
    return {line.split()[0]: line for line in text.splitlines() if line.strip()}


def test_what_its_python_lacks_is_refused_with_how_to_have_it(notebook, attach):
    attach(version=OTHER, packages={"pip": "25.1"})
    notebook.run("import numpy as np\nvalues = np.arange(2)")
    with pytest.raises(InvalidSubmissionError) as refused:
        notebook.run("%%submit --target box\nprint(values)")
    for fact in (
        f"module 'numpy' isn't installed in the Python of target 'box' (Python {OTHER})",
        "line 2",
        "--with-package numpy",
        "--environment notebook",
        "or install numpy there",
    ):
        assert fact in str(refused.value)
    assert not Index(Workspace.from_config().layout).runs()
    assert "1 refusal" in card(notebook, "print(values)")


def test_where_nothing_is_built_that_is_not_what_is_advised_first(notebook, attach):
    attach(version=OTHER, packages={}, builds=False)
    notebook.run("import numpy as np")
    with pytest.raises(InvalidSubmissionError, match=r"install numpy there, .*; once uv is there, `--with-p"):
        notebook.run("%%submit --target box\nprint(np.pi)")


def test_a_package_goes_by_the_name_that_it_is_installed_by(notebook, attach):
    attach(version=OURS, packages={"scikit_learn": version("scikit-learn"), "numpy": "2.0"})
    notebook.run("import sklearn")
    assert "refusal" not in card(notebook, "print(sklearn.__version__)")


def test_an_environment_that_is_built_there_lacks_nothing(notebook, attach):
    attach(version=OURS, packages={})
    notebook.run("import numpy as np")
    assert "1 refusal" in card(notebook, "print(np.pi)")
    assert "refusal" not in card(notebook, "print(np.pi)", "--environment notebook")


def test_a_module_that_no_package_here_brings_may_be_there(notebook, attach):
    attach(version=OURS, packages={"numpy": "2.0", "only-there": "1.0"})
    assert "not among the packages" not in card(notebook, "import only_there")
    text = card(notebook, "import no_such_thing")
    assert "not among the packages of the Python of target 'box'" in text
    assert "refusal" not in text


def test_what_is_not_known_is_said_with_how_to_know(notebook, attach):
    attach()
    notebook.run("import numpy as np")
    text = card(notebook, "print(np.pi)")
    assert (
        "what the Python of target 'box' lacks of the modules that the cell needs isn't known here; "
        "--with-package NAME brings one that it lacks"
    ) in text
    assert "refusal" not in text


def test_a_module_that_its_standard_library_has_no_more_is_refused(notebook, attach):
    if sys.version_info >= (3, 13):
        pytest.skip("here neither")
    attach(version="3.13.5", packages={})
    text = card(notebook, "import cgi, json")
    assert "module 'cgi' isn't in the Python of target 'box' (Python 3.13.5)" in text
    assert "json" not in text


def test_functions_go_to_another_version_by_source(notebook, attach):
    attach(version=OTHER, packages={})
    notebook.run("def f(x): return x + 1")
    text = card(notebook, "print(f(1))")
    assert f"Python {OTHER.rpartition('.')[0]} runs it" in text
    assert "f is made from source there" in text
    notebook.run("made = (lambda: 1, )\ndef get(): return 1")
    assert "cannot be sent to Python" in card(notebook, "print(made)")


def test_functions_go_by_source_where_the_version_is_not_known(notebook, attach, tmp_path):
    attach()
    notebook.run("def f(x): return x + 1")
    assert "cannot be sent" not in card(notebook, "print(f(1))")


def test_a_package_that_pickles_name_is_refused_at_a_major_difference(notebook, attach):
    attach(version=OURS, packages={"scikit-learn": "0.24.2", "numpy": "2.0", "scipy": "1.1"})
    notebook.run("from sklearn.linear_model import SGDClassifier\nmodel = SGDClassifier()")
    text = card(notebook, "print(model)")
    assert f"made with scikit-learn {SKLEARN}, and the Python of target 'box' (Python {OURS}) has 0.24.2" in text
    assert "1 refusal" in text
    assert "1 refusal" not in card(notebook, "from sklearn.linear_model import SGDClassifier\nprint(SGDClassifier())")


def test_a_minor_difference_is_said(notebook, attach):
    major = SKLEARN.partition(".")[0]
    attach(version=OURS, packages={"scikit-learn": f"{major}.0.1", "numpy": version("numpy")})
    notebook.run("from sklearn.linear_model import SGDClassifier\nmodel = SGDClassifier()")
    text = card(notebook, "print(model)")
    versions = f"scikit-learn {major}.0.1 (here {SKLEARN})"
    assert f"other versions in the Python of target 'box' (Python {OURS}): {versions}" in text
    assert "refusal" not in text


def test_environment_variables_stay_unless_they_are_named(notebook, attach, monkeypatch):
    attach()
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    body = "import os\nprint(os.environ['HF_TOKEN'], os.environ['HOME'])"
    text = card(notebook, body)
    assert "environment variable 'HF_TOKEN' (line 3) isn't passed on to target 'box'; --env HF_TOKEN gives it" in text
    assert "HOME" not in text
    assert "hf_secret" not in text
    rows = lines_of(notebook, body, "--env HF_TOKEN")
    assert rows["HF_TOKEN"].endswith("--env")


def test_a_large_file_is_refused_and_a_small_one_is_copied(notebook, attach, tmp_path):
    attach()
    (notebook.folder / "small.csv").write_text("1")
    with (notebook.folder / "large.bin").open("wb") as file:
        file.truncate(17 << 20)
    body = "print(open('small.csv').read())\nopen('large.bin')"
    text = card(notebook, body)
    assert "large.bin (17.8 MB) is too large to be copied beside the cell, and target 'box' has no such file" in text
    assert "--without large.bin" in text
    rows = lines_of(notebook, body)
    assert rows["small.csv"].endswith("copy")
    Workspace.from_config().detach("box")
    attach(shared=str(notebook.folder))
    assert "refusal" not in card(notebook, body)
    assert lines_of(notebook, body)["large.bin"].endswith("link")


def test_a_secret_file_stays_here_and_is_said(notebook, attach):
    attach()
    (notebook.folder / ".netrc").write_text("machine a password b")
    text = card(notebook, "open('.netrc')")
    assert ".netrc (line 2) is secret by its name: it isn't copied, and target 'box' doesn't have it" in text
    assert "refusal" not in text


def test_files_by_absolute_paths_are_read_there(notebook, attach, tmp_path):
    attach()
    (tmp_path / "data.csv").write_text("1")
    text = card(notebook, f"open({str(tmp_path / 'data.csv')!r}), open('/etc/hostname')")
    assert f"read on target 'box' and not sent: {tmp_path / 'data.csv'} (line 2)" in text
    assert "/etc/hostname" not in text


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="this system has no such folder")
def test_data_in_memory_is_no_file_of_the_system(notebook, attach):
    attach()
    with NamedTemporaryFile(dir="/dev/shm") as data:
        text = card(notebook, f"open({data.name!r}), open('/dev/null')")
    assert f"read on target 'box' and not sent: {data.name} (line 2)" in text
    assert "/dev/null" not in text


def test_a_mapped_file_is_refused(notebook, attach):
    attach()
    notebook.run("import numpy as np\nbig = np.memmap('big.bin', mode='w+', shape=(1000,), dtype='f8')")
    text = card(notebook, "print(big.sum())")
    assert "big is the file " in text
    assert "mapped into memory, and target 'box' doesn't have it" in text
    notebook.run("big = np.array(big)")
    assert "refusal" not in card(notebook, "print(big.sum())")


def test_the_card_says_where_it_goes_and_how_much_is_to_be_sent(notebook, attach):
    attach(version=OTHER, packages={})
    notebook.run("big = b'x' * 88_000")
    assert f"1 name · 88 kB · to box, Python {OTHER}, 88 kB to send" in card(notebook, "print(len(big))")
    notebook.submit("print(len(big))")  # here: box hasn't got it
    assert "same as" not in card(notebook, "print(len(big))")


def test_a_value_that_a_run_took_there_is_not_sent_again(notebook, tmp_path):
    Workspace.from_config().attach("scratch", "fake", folder=tmp_path / "far side")
    notebook.run("import numpy as np\nbig = np.zeros(10_000)")
    run = notebook.submit("print(big.sum())", "--target scratch")
    text = " ".join(notebook.run("%%submit --dry --target scratch\nprint(big)").split())
    assert f"same as {run.name}" in text
    assert "to scratch, Python" in text
    assert ", 80 kB to send" not in text


def test_what_is_loaded_there_is_known_by_a_hash_that_any_python_has(notebook, tmp_path):
    Workspace.from_config().attach("scratch", "fake", folder=tmp_path / "far side")
    notebook.run("class Point:\n    pass\npoint = Point()")
    notebook.run("%%submit --target scratch\nprint(point)")
    context = Context.read(newest_run().layout.context)
    assert all(group.payload.hash.startswith("sha256-") for group in context.groups)
    newest_run().wait_for_completion(raise_on_error=False)


def test_where_folders_are_shared_nothing_is_sent_and_variables_stay(notebook, attach, monkeypatch):
    box = attach(version=OURS, packages={})
    monkeypatch.setattr(type(box), "capabilities", frozenset({Capability.SHARES_FILES}))
    monkeypatch.setenv("MODE", "quick")
    notebook.run("rate = 0.5")
    shown = card(notebook, "import os\nprint(rate, os.environ['MODE'])")
    assert "to box" in shown
    assert "by shared folders" in shown
    assert "isn't passed on to target 'box'; --env MODE" in shown
    assert "refusal" not in shown


def test_what_others_could_read_there_is_a_refusal_on_the_card(notebook, attach, monkeypatch):
    box = attach(version=OURS, packages={})
    monkeypatch.setattr(type(box), "shows_variables", True)
    assert "--env-in-engine" in card(notebook, "pass", "--env HF_TOKEN=hunter2")
    assert "refusal" not in card(notebook, "pass", "--env HF_TOKEN=hunter2 --env-in-engine")
