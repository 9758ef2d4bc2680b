"""Runs a submitted cell, in the run's working folder.

The cell runs at module level of a `__main__` of its own, whose names are those that it was captured with.
"""

from __future__ import annotations

import builtins
import sys
import types
from contextlib import nullcontext
from importlib.machinery import ModuleSpec
from pathlib import Path

from cellrun.core.cell.display.setup import rest_shown, set_up
from cellrun.core.cell.execution import run_code
from cellrun.core.cell.files import enter_folder, protect_originals
from cellrun.core.cell.no_input import refuse_input
from cellrun.core.cell.save_results import saving_results
from cellrun.core.cell.start import bind_data, bind_run, exit_on_errors, load_names, prepare, show_sources
from cellrun.core.context.reader import load
from cellrun.core.context.signature import OrderedRun
from cellrun.core.environments.fallback_library import use_fallback_library
from cellrun.core.identity import own_run
from cellrun.core.layout import RunLayout
from cellrun.core.runs.job_end import job_end


def main(cell: str, arguments: list[str]) -> None:
    """Run the cell of the run that this process belongs to, with these arguments."""
    use_fallback_library()
    layout = _layout()
    with job_end(layout):
        _run(layout, cell, arguments)


def _run(layout: RunLayout, cell: str, arguments: list[str]) -> None:
    ordered = OrderedRun(layout)
    with exit_on_errors():
        ordered.check_code()
    path = Path(cell).absolute()
    module = _new_main()
    namespace = vars(module)
    sys.path[:0] = ["", str(path.parent)]  # the first as in a kernel: a cell that enters a folder imports from there
    sys.argv = [str(path), *arguments]
    builtins.input = refuse_input
    set_up(layout, str(path), module)
    context = load_names(ordered.context, ordered.values, namespace)
    show_sources(context, str(path), context.title)
    enter_folder(context, layout)
    prepare(context, ordered.values, namespace)
    with saving_results(layout, context, namespace) if context.returns else nullcontext(), rest_shown():
        run_code(path.read_text(encoding="utf-8"), str(path), namespace)


def _layout() -> RunLayout:
    layout = own_run()
    if layout is None:
        sys.exit("cellrun.core.cell.main runs the cell of a run, and this process belongs to none")
    return layout


def _new_main() -> types.ModuleType:
    """Put an empty `__main__` in place of this module.

    Processes that the cell spawns import again what its `__spec__` names, as `__mp_main__`: there, below, the context
    is loaded and the cell isn't run.
    """
    module = types.ModuleType("__main__", "Automatically created module for IPython interactive environment")
    module.__spec__ = ModuleSpec("cellrun.core.cell.main", None)
    vars(module)["__builtin__"] = builtins  # IPython gives it to a notebook by its old name
    sys.modules["__main__"] = module
    return module


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])  # as earlier versions order it, and runs of theirs that are run again
elif __name__ == "__mp_main__":
    _ordered = OrderedRun(_layout())
    _context = _ordered.context()
    load(_context, _ordered.values, globals())
    protect_originals(_context, _layout())
    bind_run(_context, globals())
    bind_data(globals())
