"""The cell that a magic runs in: its source, where it stands, and the Python that it means."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from cellrun.core import front_end
from cellrun.core.errors import UserErrorException
from cellrun.core.likely_secrets import masked
from cellrun.core.names import experiment_from


@dataclass(frozen=True)
class NotebookCell:
    """A cell that is being executed."""

    source: str
    """All of it, the magic's line included, without the values of environment variables."""
    execution_count: int
    id: str | None
    """Its id in the notebook, where the front end tells it."""
    notebook: str | None
    """The notebook's path, where somebody tells it."""

    @classmethod
    def current(cls, shell: InteractiveShell, otherwise: str) -> NotebookCell:
        """Return the cell that a shell executes; `otherwise` is its source where the shell doesn't tell."""
        message = front_end.request(shell)
        source = message.get("content", {}).get("code")
        if source is None and shell.history_manager is not None and shell.history_manager.input_hist_raw:
            source = shell.history_manager.input_hist_raw[-1]
        if not source or not source.rstrip("\n").endswith(_body(otherwise)):  # no cell: called from code
            source = otherwise
        # The shell's own counter is the next cell's in IPython 9 and this one's before; the display hook knows.
        number = shell.displayhook.prompt_count
        return cls(masked(source), number, front_end.cell_id(message), _notebook_path(shell))

    @property
    def title(self) -> str:
        """How tracebacks name it."""
        return f"Cell In[{self.execution_count}]"

    def record(self) -> dict[str, Any]:
        """Return what is recorded of it with a run."""
        return {
            "source": self.source,
            "id": self.id,
            "notebook": self.notebook,
            "execution_count": self.execution_count,
            "title": self.title,
        }

    def code(self, body: str, shell: InteractiveShell) -> str:
        """Return the body below its magic as plain Python, in the lines that it has in the notebook.

        Raises UserErrorException for a cell that no file can hold.
        """
        plain: str = shell.transform_cell(body)  # type: ignore[no-untyped-call]
        blank = len(list(takewhile(str.isspace, body.splitlines(keepends=True))))  # IPython drops them
        above = self.source[: self.source.rindex(masked(body).rstrip("\n"))].split("\n")[:-1]
        code = "".join(f"# {line}".rstrip() + "\n" for line in above) + "\n" * blank + plain
        _check_characters(code)
        return code


def _body(source: str) -> str:
    return source.partition("\n")[2].rstrip("\n")


def _check_characters(code: str) -> None:
    try:
        code.encode()
    except UnicodeEncodeError as error:
        line = code.count("\n", 0, error.start) + 1
        raise UserErrorException(
            f"line {line} of the cell holds {code[error.start]!a}, half of a surrogate pair, which no file can hold; "
            "take it out, or write it as that escape"
        ) from None


def default_experiment(shell: InteractiveShell) -> str:
    """Return the experiment that is meant when none is named: the notebook's stem, else the folder's name."""
    path = _notebook_path(shell)
    return experiment_from(Path(path).stem if path else Path.cwd().name)


def _notebook_path(shell: InteractiveShell) -> str | None:
    """Return the notebook's path: from Jupyter Server's variable, or VS Code's name; a console has none."""
    path = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or ""
    return str(Path(path).absolute()) if path.endswith(".ipynb") else None
