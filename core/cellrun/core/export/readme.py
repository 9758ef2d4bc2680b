"""The README of an exported cell."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from cellrun.core.context.manifest import Context
from cellrun.core.store.record import RunRecord


def readme(record: RunRecord, context: Context, requirements: Sequence[str]) -> str:
    """Return what somebody has to know who gets the folder."""
    install = "    pip install -r requirements.txt\n" if requirements else ""
    points = "".join(f"- {point}\n" for point in _points(record, context))
    return (
        f"# {record.name}\n\n"
        f"The cell of run {record.name} (experiment {record.experiment}), exported by cellrun. It runs without cellrun "
        f"and without its notebook:\n\n{install}    python cell.py\n\n{points}"
    )


def _points(record: RunRecord, context: Context) -> Iterator[str]:
    yield (
        f"It was captured with Python {context.python}; another version may be unable to read all of it. What the cell "
        "got from its notebook is in `cell_context/`: loading it runs code, as `cell.py` does. Run what you trust."
    )
    yield "It runs in this folder, whatever the current one is: its relative paths mean the files here."
    if arguments := record.arguments:
        yield f"Without arguments it runs with those of the run: `{shlex.join(arguments)}`."
    if context.run_name:
        yield f"`{context.run_name}.log(…)` and the like print what they are given; nothing is kept."
    if context.needs_ipython:
        yield "The cell uses IPython (magics, shell lines or display): it has to be installed."
    read = {need.name for need in context.needs if need.kind == "environment"}
    if variables := sorted(read.union(record.environment_variables)):
        names = ", ".join(f"`{name}`" for name in variables)
        yield f"The run had these environment variables, which aren't here: {names}."
    for path, target in context.links.items():
        yield f"`{path}` isn't copied: it is read from `{target}`. Elsewhere, put it here by that name."
    for folder in context.path:
        yield f"Modules were looked for in `{folder}` too, which isn't copied."
