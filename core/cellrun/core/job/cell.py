"""Runs a submitted cell: `python -m cellrun.core.job.cell cell.py [arguments]` in the run's working folder.

The cell runs at module level of a `__main__` of its own, whose names are those that it was captured with.
"""

from __future__ import annotations

import builtins
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, NoReturn

from cellrun.core.context.reader import load_context
from cellrun.core.context.value_store import ValueStore
from cellrun.core.errors import ContextException
from cellrun.core.job.cell_code import run_code
from cellrun.core.job.cell_traceback import show_cells
from cellrun.core.job.context import run_layout
from cellrun.core.store.layout import RunLayout


def main(cell: str, arguments: list[str]) -> None:
    """Run the cell of the run that this process belongs to."""
    layout = _layout()
    path = Path(cell).absolute()
    module = _new_main()
    namespace = vars(module)
    sys.argv = [str(path), *arguments]
    builtins.input = _refuse_input
    try:
        context = load_context(layout.context, _values(layout), namespace)
    except ContextException as error:
        sys.exit(f"{type(error).__name__}: {error}")
    show_cells({**{name: source.title for name, source in context.sources.items()}, str(path): context.title})
    for name, target in context.links.items():
        _link(Path(name), target)
    if context.run_name:
        from cellrun.core.runs.run import Run  # noqa: PLC0415  # a cell that doesn't use its run needn't wait for it

        namespace[context.run_name] = Run.get_context()
    if context.needs_ipython:
        from cellrun.core.job.cell_shell import start_shell  # noqa: PLC0415  # plain Python needs no IPython

        start_shell(module, layout)
    run_code(path.read_text(encoding="utf-8"), str(path), namespace)


def _layout() -> RunLayout:
    layout = run_layout()
    if layout is None:
        sys.exit("cellrun.core.job.cell runs the cell of a run, and this process belongs to none")
    return layout


def _values(layout: RunLayout) -> ValueStore:
    return ValueStore(layout.workspace.values)


def _new_main() -> types.ModuleType:
    """Put an empty `__main__` in place of this module.

    Processes that the cell spawns import again what its `__spec__` names, as `__mp_main__`: there, below, the context
    is loaded and the cell isn't run.
    """
    module = types.ModuleType("__main__")
    module.__spec__ = ModuleSpec("cellrun.core.job.cell", None)
    sys.modules["__main__"] = module
    return module


def _refuse_input(prompt: Any = "") -> NoReturn:
    raise EOFError(
        f"input({prompt!r}) in a run: nobody can answer there; give the value as an argument, "
        "as in `%%submit -- --name value`, or in a variable of the notebook"
    )


def _link(path: Path, target: str) -> None:
    if not path.is_symlink() and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
elif __name__ == "__mp_main__":
    _run = _layout()
    load_context(_run.context, _values(_run), globals())
