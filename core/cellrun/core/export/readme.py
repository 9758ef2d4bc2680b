"""The README of an exported cell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from cellrun.core.context.manifest import Context
from cellrun.core.front_end import plain_line
from cellrun.core.store.record import RunRecord


def readme(record: RunRecord, context: Context, requirements: Sequence[str]) -> str:
    """Return what somebody has to know who gets the folder."""
    install = "    pip install -r requirements.txt\n" if requirements else ""
    points = "".join(f"- {point}\n" for point in _points(record, context))
    return (
        f"# {_word(record.name)}\n\n"
        f"The cell of run {_word(record.name)} (experiment {_word(record.experiment)}), exported by cellrun. It runs "
        f"without cellrun and without its notebook:\n\n{install}    python cell.py\n\n{points}"
    )


def _points(record: RunRecord, context: Context) -> Iterator[str]:
    yield (
        f"It was captured with Python {_word(context.python)}; another version may be unable to read all of it. What "
        "the cell got from its notebook is in `cell_context/`: loading it runs code, as `cell.py` does. Run what you "
        "trust."
    )
    yield "It runs in this folder, whatever the current one is: its relative paths mean the files here."
    if arguments := record.arguments:
        yield f"Without arguments it runs with those of the run: {_code(shlex.join(arguments))}."
    if context.run_name:
        yield f"{_code(f'{context.run_name}.log(…)')} and the like print what they are given; nothing is kept."
    if context.needs_ipython:
        yield "The cell uses IPython (magics, shell lines or display): it has to be installed."
    read = {need.name for need in context.needs if need.kind == "environment"}
    if variables := sorted(read.union(record.environment_variables)):
        names = ", ".join(map(_code, variables))
        yield f"The run had these environment variables, which aren't here: {names}."
    for path, target in context.links.items():
        yield f"{_code(path)} isn't copied: it is read from {_code(target)}. Elsewhere, put it here by that name."
    for folder in context.path:
        yield f"Modules were looked for in {_code(folder)} too, which isn't copied."


def _word(text: str) -> str:
    """Return a name as a part of a sentence; one that Markdown may read otherwise, as code."""
    return text if re.fullmatch(r"[\w. -]+", text) else _code(text)


def _code(text: str) -> str:
    """Return a text as Markdown's code, whatever is in it."""
    line = plain_line(text)
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    return f"{fence} {line} {fence}" if "`" in line else f"`{line}`"
