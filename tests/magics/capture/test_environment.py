"""Environment variables that a cell reads: accounted for, never kept; `.env` files are read where they are."""

import pytest

from cellrun.core.context.manifest import Context
from tests.magics.notebook_shell import log, newest_run

SECRET = "hunter2-of-the-test"


def rows(run):
    needs = Context.read(run.layout.context).needs
    return {need.name: (need.place, need.how) for need in needs if need.kind == "environment"}


def kept_files(run):
    folders = (run.layout.folder, run.layout.workspace.values)
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in found if not path.name.startswith("reserve-")]  # goes when the run has ended


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        ("import os\nprint(len(os.environ['OF_THE_TEST']))", "line 3"),
        ("import os\nprint(len(os.environ.get('OF_THE_TEST')))", "line 3"),
        ("import os\nprint(len(os.getenv('OF_THE_TEST')))", "line 3"),
        ("from os import environ\nprint(len(environ['OF_THE_TEST']))", "line 3"),
        ("print(len(token()))", "token, line 3"),
        ("!printf $OF_THE_TEST | wc -c", "line 2"),
        ("%%bash\nprintf ${OF_THE_TEST} | wc -c", "line 2"),
    ],
)
def test_a_variable_is_inherited_and_its_value_is_kept_nowhere(notebook, monkeypatch, cell, place):
    monkeypatch.setenv("OF_THE_TEST", SECRET)
    notebook.run("import os\ndef token():\n    return os.environ['OF_THE_TEST']")
    run = notebook.submit(cell)
    assert log(run).strip() == str(len(SECRET))
    assert rows(run) == {"OF_THE_TEST": (place, "inherited")}
    assert [path for path in kept_files(run) if SECRET.encode() in path.read_bytes()] == []


def test_what_cells_set_is_inherited_too(notebook):
    notebook.run("import os\nos.environ['SET_BY_A_CELL'] = 'yes'")
    assert notebook.prints("import os\nprint(os.environ['SET_BY_A_CELL'])") == "yes\n"


class TestMissing:
    def test_it_is_said(self, notebook):
        printed = notebook.run("%%submit\nimport os\ntry:\n    os.environ['NOT_SET']\nexcept KeyError:\n    pass")
        assert "environment variable 'NOT_SET' (line 4) isn't set; `--env NOT_SET=VALUE` gives it" in printed
        newest_run().wait_for_completion()

    @pytest.mark.parametrize(
        ("cell", "line"),
        [
            ("import os\nos.environ['NOT_SET'] = '1'\nprint(os.environ['NOT_SET'])", ""),
            ("import os\nprint(os.environ.get('NOT_SET', 1))", ""),
            ("import os\nprint(os.environ['NOT_SET'])", "--env NOT_SET=1"),
        ],
    )
    def test_not_if_there_is_another_value(self, notebook, cell, line):
        assert "NOT_SET" not in notebook.run(f"%%submit {line}\n{cell}").replace(line or "-", "")
        run = newest_run()
        run.wait_for_completion()
        assert log(run) == "1\n"
        assert rows(run) == ({"NOT_SET": ("line 3", "--env")} if line else {})

    def test_what_is_jupyters_own_is_not_passed_on(self, notebook, monkeypatch):
        monkeypatch.setenv("JPY_OF_THE_TEST", "1")
        printed = notebook.run("%%submit\nimport os\nprint(os.environ.get('JPY_OF_THE_TEST'))")
        assert "'JPY_OF_THE_TEST' (line 3) is the notebook's own and isn't passed on" in printed
        newest_run().wait_for_completion()


DOTENV = """
import os
from pathlib import Path

def find_dotenv():
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / '.env').exists():
            return folder / '.env'

def load_dotenv(path=None):
    for line in Path(path or find_dotenv()).read_text().split():
        name, _, value = line.partition('=')
        os.environ.setdefault(name, value)
"""


class TestEnvFiles:
    @pytest.fixture(autouse=True)
    def dotenv(self, tmp_path, monkeypatch):
        """What python-dotenv does, as an installed module."""
        (tmp_path / "site-packages").mkdir()
        (tmp_path / "site-packages" / "dotenv.py").write_text(DOTENV)
        monkeypatch.syspath_prepend(tmp_path / "site-packages")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site-packages"))

    @pytest.mark.parametrize("where", [".", ".."])
    def test_it_is_read_where_it_is(self, notebook, where):
        (notebook.folder / where / ".env").write_text(f"OF_A_FILE={SECRET}\n")
        cell = "import os\nfrom dotenv import load_dotenv\nload_dotenv()\nprint(len(os.environ['OF_A_FILE']))"
        assert "isn't set" not in notebook.run(f"%%submit\n{cell}")
        run = newest_run()
        run.wait_for_completion(raise_on_error=False)
        assert log(run) == f"{len(SECRET)}\n"
        assert [path for path in kept_files(run) if SECRET.encode() in path.read_bytes()] == []

    @pytest.mark.parametrize(
        "cell",
        [
            "load_dotenv('.env')",
            "load_dotenv('conf/.env.local')",
            "folder = 'conf'\nload_dotenv('conf/.env.local')",
        ],
    )
    def test_named_or_in_a_folder_that_goes_along_it_is_not_copied(self, notebook, cell):
        (notebook.folder / "conf").mkdir()
        (notebook.folder / "conf" / "other.ini").write_text("[a]")
        for name in (".env", "conf/.env.local"):
            (notebook.folder / name).write_text(f"OF_A_FILE={SECRET}\n")
        cell = f"from dotenv import load_dotenv\nimport os\n{cell}\nprint(len(os.environ['OF_A_FILE']))"
        run = notebook.submit(cell)
        assert log(run) == f"{len(SECRET)}\n"
        assert [path for path in kept_files(run) if SECRET.encode() in path.read_bytes()] == []
