"""The line of each magic, with any text in it: what is wrong is said as a usage error, and nothing else happens."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from IPython.core.error import UsageError

from cellrun.core.errors import CellrunError
from cellrun.core.runs import open_runs
from cellrun.magics import load_run, options, runs, start_logging, submit, targets
from tests.fuzz.effort import effort
from tests.magics.notebook_shell import NotebookShell

MODULES = {
    "submit": submit,
    "start_logging": start_logging,
    "runs": runs,
    "load_run": load_run,
    "targets": targets,
}
WORDS = [
    *("digits", "digits-1", "x", "run", "k", "a,b", "local", "far", ".", "..", "none.py", "cell.py", "there.py"),
    *("status:failed", "status:", "status:,", "1", "0", "-1", "4G", "10m", "1e9", "nan", "A=b", "=", "A", "2A=3"),
    *("--", "#", "'", '"', "\\", "{k}", "{1/0}", "$k", "{", "}", "$", "%", "!ls", "\t", "\0", "\ud800", "\u202e", "ﷺ"),
]
TEXTS = st.text(st.characters(exclude_characters="\n\r/~", exclude_categories=[]), max_size=20)


def lines(magic: str) -> st.SearchStrategy[str]:
    """Lines of a magic: its options with words behind them, these run together, and any text."""
    options = {*MODULES[magic]._PARSER._option_string_actions} - {"--wait"}  # nothing starts, so nothing ends
    known = sorted({*options, "--none"})
    word = st.sampled_from(WORDS)
    option = st.tuples(st.sampled_from(known), word).map(" ".join)
    parts = st.lists(st.one_of(option, option, word, st.sampled_from(known)), max_size=4)
    return st.one_of(parts.map(" ".join), parts.map(" ".join), parts.map("".join), TEXTS)


MAGIC_LINES = st.sampled_from(sorted(MODULES)).flatmap(lambda magic: st.tuples(st.just(magic), lines(magic)))


@pytest.fixture
def shell(notebook: NotebookShell, nothing_starts: None) -> NotebookShell:
    """A notebook with a variable and a script."""
    notebook.run("k = [1]\ndef f(): return k")
    (notebook.folder / "there.py").write_text("print(1)\n")
    return notebook


def meant(notebook: NotebookShell, magic: str, line: str, cell: str | None = None) -> None:
    """Let the shell run a magic; it may refuse in words."""
    try:
        if cell is None:
            notebook.shell.run_line_magic(magic, line)
        else:
            notebook.shell.run_cell_magic(magic, line, cell)
    except (UsageError, CellrunError, SyntaxError):
        pass
    while run := open_runs.newest():
        run.cancel()


@given(magic_line=MAGIC_LINES)
@example(magic_line=("submit", "--script there.py -- '"))
@example(magic_line=("submit", "--script there.py --env \0=1"))
@effort(60)
@pytest.mark.filterwarnings("ignore")
def test_any_line(shell: NotebookShell, magic_line: tuple[str, str]) -> None:
    meant(shell, *magic_line)


@given(
    line=lines("submit"),
    after=st.sampled_from(["", "", " -- "]),
    more=TEXTS,
    cell=st.sampled_from(["print(f())", "print(f())", "", " ", "\0", "k"]),
)
@effort(60)
@pytest.mark.filterwarnings("ignore")
def test_any_line_above_a_cell(shell: NotebookShell, line: str, after: str, more: str, cell: str) -> None:
    meant(shell, "submit", f"{line}{after}{more if after else ''}", cell)


@given(line=lines("submit"))
@effort(60)
def test_a_line_is_taken_apart_and_nothing_of_it_is_lost(line: str) -> None:
    before, after = options.split_line(line)
    assert line.startswith(before)
    assert after is None or line.endswith(after)
    assert line.startswith(options.without_comment(line))
    options.unquoted(line)
