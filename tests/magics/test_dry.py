"""`--dry`, `--with` and `--without`, in a real shell."""

import os

import pytest
from IPython.core.error import UsageError

from cellrun.core import Workspace
from cellrun.core.context.account import needs_of
from cellrun.core.errors import InvalidSubmissionError
from cellrun.core.store.lists.index import Index
from tests.magics.notebook_shell import log, newest_run

pytestmark = pytest.mark.usefixtures("jobs_in_forks")


def needs(run):
    """What was captured, by name, without the state of libraries."""
    return {need.name: need for need in needs_of(run.layout.context) if need.kind != "state"}


def files_below(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


class TestDry:
    def test_nothing_at_all_is_written(self, notebook, home, tmp_path):
        notebook.run("import numpy as np\nX = np.zeros((200, 64))\ndef train(a): return a.sum()")
        before = files_below(tmp_path)
        printed = notebook.run("%%submit digits --dry\ntrain(X)")
        assert "What this cell needs: 2 names" in printed
        assert not home.exists()
        assert files_below(tmp_path) == before

    def test_an_existing_workspace_stays_as_it_is(self, notebook, home):
        notebook.submit("print(1)")
        layout = Workspace.from_config().layout
        experiments, runs = sorted(os.listdir(layout.experiments)), sorted(os.listdir(layout.runs))
        notebook.run("big = 'x' * 50_000")
        values = files_below(layout.values) if layout.values.exists() else {}
        notebook.run("%%submit another --dry\nprint(len(big))")
        assert (sorted(os.listdir(layout.experiments)), sorted(os.listdir(layout.runs))) == (experiments, runs)
        assert (files_below(layout.values) if layout.values.exists() else {}) == values

    def test_a_notebook_gets_text_and_html(self, notebook, monkeypatch):
        shown = []
        monkeypatch.setattr(notebook.shell.display_pub, "publish", lambda data, **_: shown.append(data))
        notebook.run("x = 1")
        notebook.run("%%submit --dry\nprint(x)")
        (bundle,) = shown
        assert bundle["text/plain"].startswith("What this cell needs")
        assert '<div class="cellrun-needs"' in bundle["text/html"]

    def test_it_says_what_why_how_large_and_how(self, notebook):
        (notebook.folder / "features").mkdir()
        (notebook.folder / "features" / "__init__.py").write_text("from features import scale\n")
        (notebook.folder / "features" / "scale.py").write_text("K = 1\n")
        (notebook.folder / "labels.csv").write_text("1,2\n" * 100)
        notebook.run("import numpy as np, features\nX = np.zeros((100, 64))\nclass Model:\n    def fit(self): return 1")
        notebook.run("def train(m, a):\n    features.scale\n    open('labels.csv').close()\n    return np.mean(a)")
        printed = notebook.run("%%submit --dry\ntrain(Model(), X)")
        lines = {line.split()[0]: line for line in printed.splitlines() if line}
        for name, facts in {
            "train": ("function, cell 3", "line 2", "source"),
            "Model": ("class, cell 2", "line 2", "source"),
            "X": ("ndarray 100 \u00d7 64 float64", "51 kB", "line 2", "value"),
            "np": ("numpy ", "train, line 4", "import"),
            "features": ("local module, 2 files", "train, line 2", "source"),
            "labels.csv": ("file", "400 B", "train, line 1", "copy"),
        }.items():
            assert all(fact in lines[name] for fact in facts), lines[name]
        assert printed.startswith("What this cell needs: 4 names \u00b7 ")
        assert "1 module \u00b7 1 file" in printed.splitlines()[0]

    def test_a_value_that_an_earlier_run_has_is_not_sent_again(self, notebook):
        notebook.run("import numpy as np\nbig = np.arange(3000.0)\nother = np.arange(4000.0)\nsmall = 1")
        first = notebook.submit("print(big.sum(), small)")
        printed = notebook.run("%%submit --dry\nprint(big.sum(), other.sum(), small)")
        lines = {line.split()[0]: line for line in printed.splitlines() if line}
        assert lines["big"].endswith(f"value, same as {first.experiment.name}-1")
        assert "same as" not in lines["other"]
        assert "same as" not in lines["small"]  # not worth a word
        again = notebook.submit("print(big.sum())")
        assert needs(again)["big"].note == f"same as {first.experiment.name}-1: not sent again"
        notebook.run("big[0] = 7")
        assert "same as" not in notebook.run("%%submit --dry\nprint(big.sum())")

    def test_an_object_with_two_names_is_counted_once(self, notebook):
        notebook.run("words = ['w'] * 5000\nalias = words\none = 1\nuno = one")
        lines = notebook.run("%%submit --dry\nprint(words is alias, one, uno)").splitlines()
        (alias,) = [line for line in lines if line.startswith("alias")]
        assert "kB" not in alias
        assert alias.endswith("the same object as words")
        assert sum("the same object" in line for line in lines) == 1

    def test_refusals_of_the_cell_and_of_the_options_are_on_it(self, notebook, tmp_path):
        notebook.run(f"import threading\nlock = threading.Lock()\nf = open({str(tmp_path / 'x')!r}, 'w')")
        printed = notebook.run("%%submit --dry --cpus 0 --target nowhere -- --x 1\nprint(lock, f)\nprint(no_such_name)")
        notebook.run("f.close()")
        assert "5 refusals" in printed.splitlines()[0]
        for fact in ("cpus=0", "nowhere", "lock", "an open file", "no_such_name"):
            assert fact in printed
        refused = [line for line in printed.splitlines() if line[:1] == "\u2715"]
        assert len(refused) == 5
        assert max(map(len, refused)) <= 100

    def test_a_syntax_error_stays_one(self, notebook):
        with pytest.raises(SyntaxError):
            notebook.run("%%submit --dry\nx = (")

    @pytest.mark.parametrize("line", ["--script train.py --dry", "--dry --command -- ls"])
    def test_a_script_has_no_card(self, notebook, line):
        (notebook.folder / "train.py").write_text("")
        with pytest.raises(UsageError, match="--source-directory"):
            notebook.run(f"%submit {line}")

    def test_a_refused_submission_tells_of_it(self, notebook):
        notebook.run("import threading\nlock = threading.Lock()")
        with pytest.raises(InvalidSubmissionError, match="%%submit --dry"):
            notebook.run("%%submit\nprint(lock)")
        with pytest.raises(InvalidSubmissionError) as caught:
            notebook.run("%%submit --cpus 0\nprint(1)")
        assert "--dry" not in str(caught.value)


class TestWith:
    def test_names_files_folders_and_modules_go_along(self, notebook):
        (notebook.folder / "in.txt").write_text("file")
        (notebook.folder / "more").mkdir()
        (notebook.folder / "more" / "in.txt").write_text("folder")
        (notebook.folder / "own.py").write_text("K = 'module'\n")
        notebook.run("a, b = 'a', 'b'\nname = chr(97)")
        cell = (
            "import importlib, pathlib\n"
            "print(globals()[chr(97)], vars()[chr(98)])\n"
            "texts = [pathlib.Path(f'{path}.txt').read_text() for path in ('in', 'more/in')]\n"
            "print(*texts, importlib.import_module('o' + 'wn').K)"
        )
        run = notebook.submit(cell, "--with a,b in.txt --with more own --wait")
        assert log(run) == "a b\nfile folder module\n"
        assert needs(run)["a"].place == "--with, line 1"

    def test_what_an_added_function_needs_goes_along_too(self, notebook):
        notebook.run("k = 3\ndef f(): return k")
        assert notebook.prints("print(globals()['f'.strip()]())", "--with f") == "3\n"

    @pytest.mark.parametrize(
        ("line", "facts"),
        [
            ("--with modle", ["no such name", "no such module", "did you mean 'model'"]),
            ("--with in.tx", ["no such file", "'in.txt'"]),
            ("--with model nowhere/x.csv", ["nowhere/x.csv"]),
            ("--with no.such.module", ["no.such.module"]),
            ("--with json", ["an installed module isn't captured", "import it in the cell"]),
            ("--with /etc/hostname", ["absolute path"]),
            ("--with ''", []),
        ],
    )
    def test_what_is_none_of_these_is_said_with_what_comes_near(self, notebook, line, facts):
        (notebook.folder / "in.txt").write_text("")
        notebook.run("model = 1")
        if not facts:  # nothing but nothing
            assert notebook.prints("print(2)", line) == "2\n"
            return
        with pytest.raises(UsageError) as caught:
            notebook.run(f"%%submit {line}\nprint(1)")
        assert all(fact in str(caught.value) for fact in facts)
        assert "%%submit digits --with data/labels.csv --without cache\n" in str(caught.value)
        assert "--learning_rate" not in str(caught.value)
        assert not Index(Workspace.from_config().layout).runs()


class TestWithout:
    def test_a_name_stays_behind_and_is_not_refused(self, notebook):
        notebook.run("import threading\nlock = threading.Lock()\nx = 1")
        printed = notebook.run(
            "%%submit --without lock\ntry:\n    print(lock)\nexcept NameError as e:\n    print(e, x)"
        )
        assert "'lock' (line 3) stays behind" in printed
        run = newest_run()
        run.wait_for_completion()
        assert log(run) == "name 'lock' is not defined 1\n"

    def test_a_name_that_nobody_has_can_be_left_out(self, notebook):
        with pytest.raises(InvalidSubmissionError, match="nobody"):
            notebook.run("%%submit\nprint(nobody)")
        run = notebook.submit("print(nobody)", "--without nobody")
        assert run.get_status() == "Failed"
        assert "NameError: name 'nobody' is not defined" in log(run)

    def test_files_folders_and_modules_stay_behind(self, notebook):
        for name in ("data/a.csv", "data/b.csv", "more/c.csv", "one.csv", "own.py"):
            (notebook.folder / name).parent.mkdir(exist_ok=True)
            (notebook.folder / name).write_text("K = 1\n")
        cell = (
            "import os\n"
            "paths = ['data', 'data/b.csv', 'more', 'more/c.csv', 'one.csv', 'own.py']\n"
            "print([os.path.exists(path) for path in paths])\n"
            "def f():\n    import own\n"
        )
        run = notebook.submit(cell, "--without data/a.csv more one.csv own own.py")
        assert log(run) == "[True, True, False, False, False, False]\n"
        assert "data/b.csv" in needs(run)

    def test_what_a_left_out_function_needs_stays_behind_too(self, notebook):
        notebook.run("big = 'x' * 10_000\ndef f(): return big\ng = 1")
        run = notebook.submit("print(g)\nif g == 2: f()", "--without f")
        assert set(needs(run)) == {"g"}

    def test_a_class_that_values_need_cannot_be_left_out(self, notebook):
        notebook.run("class P: pass\np = P()")
        with pytest.raises(InvalidSubmissionError, match=r"P can't be left out: p can't be loaded.*--without P,p"):
            notebook.run("%%submit --without P\nprint(type(p).__name__, P)")

    @pytest.mark.parametrize(
        ("line", "facts"),
        [
            ("--without modle", ["'model'"]),
            ("--without other", ["the cell doesn't need it", "model"]),
            ("--with model --without model", ["both"]),
        ],
    )
    def test_what_would_not_travel_anyway_is_a_mistake(self, notebook, line, facts):
        notebook.run("model = 1\nother = 2")
        with pytest.raises(UsageError) as caught:
            notebook.run(f"%%submit {line}\nprint(model)")
        assert all(fact in str(caught.value) for fact in facts)

    def test_the_state_of_a_library_and_what_cells_gave_a_module_stay_behind(self, notebook):
        (notebook.folder / "config.py").write_text("LR = 1\n")
        notebook.run("import config, random\nconfig.LR = 2\nrandom.seed(1)\ndraw = random.random")
        cell = "print(config.LR, draw())"
        assert notebook.prints(cell) == "2 0.13436424411240122\n"
        printed = notebook.prints(cell, "--without config.LR random")
        assert printed.startswith("1 ")
        assert printed != "1 0.13436424411240122\n"

    def test_a_variable_of_the_environment_is_inherited_anyway(self, notebook, monkeypatch):
        monkeypatch.setenv("MODE", "quick")
        with pytest.raises(UsageError, match=r"inherits it.*--env MODE="):
            notebook.run("%%submit --without MODE\nimport os\nprint(os.environ['MODE'])")

    def test_folders_that_the_notebook_added_to_the_path_stay_behind(self, notebook, tmp_path):
        (tmp_path / "lib").mkdir()
        notebook.run(f"import sys\nsys.path.append({str(tmp_path / 'lib')!r})")
        cell = f"import sys\nprint({str(tmp_path / 'lib')!r} in sys.path)"
        assert notebook.prints(cell) == "True\n"
        assert notebook.prints(cell, "--without sys.path") == "False\n"

    @pytest.mark.parametrize("line", ["--with a --script train.py", "--without a --command -- ls"])
    def test_scripts_have_no_names(self, notebook, line):
        (notebook.folder / "train.py").write_text("")
        with pytest.raises(UsageError, match="go with a cell"):
            notebook.run(f"%submit {line}")
