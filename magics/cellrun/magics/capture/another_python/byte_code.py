"""What can't go to another Python, as it holds byte code that nothing there could make again."""

from __future__ import annotations

from types import FunctionType
from typing import NamedTuple

from cellrun.core.context.pickles.pickling import Pickled
from cellrun.core.context.reader import python_version
from cellrun.magics.capture.found import Refusal
from cellrun.magics.capture.notebook import Notebook
from cellrun.magics.capture.source.analysis import Read

_MOST_NAMED = 3


class WithCode(NamedTuple):
    """A value that is pickled with byte code in it."""

    name: str
    value: object
    read: Read
    pickled: Pickled


def byte_code_refusal(held: WithCode, why_undefined: str, notebook: Notebook, there: str) -> Refusal:
    """Return why a value can't go to another Python, whose version is `there`; a function may have no definition."""
    name, value, read, pickled = held
    here = python_version()
    if notebook.is_own_code(value):
        what = f"{'class' if isinstance(value, type) else 'function'} {name!r}"
        why = f"its byte code belongs to Python {here}, and {why_undefined}"
    else:
        what = f"variable {name!r} ({type(value).__name__})"
        functions = "; ".join(_words(each, notebook) for each in pickled.functions[:_MOST_NAMED])
        listed = f" ({functions})" if functions else ""
        why = f"it holds a function or class that no name stands for{listed}, whose byte code belongs to Python {here}"
    remedy = f"Define that by a def or class in no function or magic, or give an environment with Python {here}"
    return Refusal(name, f"{what} cannot be sent to Python {there}: {why}", read.place, remedy)


def _words(function: FunctionType, notebook: Notebook) -> str:
    code = function.__code__
    title = notebook.title_of(code.co_filename)
    return f"{function.__qualname__}, {title}, line {code.co_firstlineno}" if title else function.__qualname__
