"""Tracebacks that point at the notebook: `Cell In[7], line 4` with the source line below it."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Mapping
from types import TracebackType

from cellrun.core.cell.no_input import refuse_input
from cellrun.core.errors import CellrunError, users_traceback

_FRAME = re.compile(r'^([\s|]*)File "(?P<file>[^"]*)", line (?P<line>\d+)(?P<rest>.*)$', re.MULTILINE)
_OF_MODULE = ", in <module>"
_REFUSALS = refuse_input.__code__.co_filename


def show_cells(titles: Mapping[str, str]) -> None:
    """Let this process's tracebacks call files by the titles of their cells, and begin at the cell itself.

    Python up to 3.12 prints tracebacks in C, which knows no other source than files.
    """

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, CellrunError):
            trace = users_traceback(trace)
        sys.stderr.write(traceback_text(kind, error, _from_cell(trace, titles), titles))

    def thread_hook(event: threading.ExceptHookArgs) -> None:
        if event.exc_value is not None and event.exc_type is not SystemExit:
            name = event.thread.name if event.thread else "a thread"
            sys.stderr.write(f"Exception in thread {name}:\n")
            hook(event.exc_type, event.exc_value, event.exc_traceback)

    sys.excepthook = hook
    threading.excepthook = thread_hook


def traceback_text(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None, titles: Mapping[str, str]
) -> str:
    """Return a traceback as Python prints it, with the titles of cells for their file names.

    Functions of cells have their qualified names (`Model.fit`), from Python 3.11 on.
    """
    import traceback  # noqa: PLC0415  # most cells don't fail

    names = _qualified_names(error)

    def frame(found: re.Match[str]) -> str:
        title = titles.get(found["file"])
        if title is None:
            return found[0]
        _, separator, name = found["rest"].partition(", in ")
        named = names.get((found["file"], int(found["line"]), name), name)
        return f"{found[1]}{title}, line {found['line']}{separator}{named}".removesuffix(_OF_MODULE)

    return _FRAME.sub(frame, "".join(traceback.format_exception(kind, error, trace)))


def _qualified_names(error: BaseException | None) -> dict[tuple[str, int, str], str]:
    """Return the qualified names of the functions in an error's traceback, and of those it came from.

    By file, line and plain name, which is all that a printed frame tells.
    """
    found: dict[tuple[str, int, str], str] = {}
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
        trace = each.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            found[code.co_filename, trace.tb_lineno, code.co_name] = getattr(code, "co_qualname", code.co_name)
            trace = trace.tb_next
    return found


def _from_cell(trace: TracebackType | None, titles: Mapping[str, str]) -> TracebackType | None:
    """Leave out the frames before the first one of a cell, and of `input`: our own say nothing about it."""
    first = trace
    while first is not None and first.tb_frame.f_code.co_filename not in titles:
        first = first.tb_next
    last = first
    while last is not None and last.tb_next is not None:
        if last.tb_next.tb_frame.f_code.co_filename == _REFUSALS:
            last.tb_next = None
        last = last.tb_next
    return first or trace
