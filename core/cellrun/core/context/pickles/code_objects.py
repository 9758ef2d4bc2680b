"""How code objects are pickled: as cloudpickle does, but with the file that they are of.

cloudpickle 3.1.3 gives all code one and the same file name. Tracebacks, `inspect.getsource` and the sources of a
context need the one that the notebook has.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

from cellrun.core.context.pickles.reduced import Reduced


def reduced_code(code: CodeType, reduced: Reduced) -> Reduced:
    """Return how to make a code object again, given how cloudpickle does."""
    make, arguments = reduced
    return code_in_file, (code.co_filename, make, *arguments)


def code_in_file(filename: str, make: Callable[..., CodeType], *arguments: Any) -> CodeType:
    """Make a code object, of a file."""
    return make(*arguments).replace(co_filename=filename)
