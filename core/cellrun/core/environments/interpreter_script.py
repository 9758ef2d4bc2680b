"""Tells what a Python has: `python interpreter_script.py`, the question as JSON on stdin, the answer the last line.

Run by whichever Python a run is to be run by: so it needs the standard library alone, and of an old one only enough to
say how old it is.
"""

from __future__ import annotations

import json
import sys

OLDEST = (3, 10)
"""The oldest Python that cellrun's own part of a run works with."""


def main() -> None:
    """Answer one question."""
    question = json.loads(sys.stdin.read())
    answer: dict[str, object] = {"version": list(sys.version_info[:3]), "implementation": sys.implementation.name}
    if sys.version_info >= OLDEST:
        answer["missing"] = [name for name in question["modules"] if not has_module(name)]
        answer["errors"] = {title: error for title, text in question["sources"].items() if (error := wrong_in(text))}
    sys.stdout.write("\n" + json.dumps(answer))


def has_module(name: str) -> bool:
    """Whether a module would be found; of a dotted one the packages above are imported for it."""
    from importlib.util import find_spec  # noqa: PLC0415  # an old Python needn't have it

    try:
        return find_spec(name) is not None
    except ImportError:  # a package above isn't there, or is no package
        return False
    except ValueError:  # it is loaded, and doesn't say from where
        return True


def wrong_in(source: str) -> str:
    """Return what of a cell's source isn't Python here, and in which line; the empty text if all of it is."""
    import ast  # noqa: PLC0415  # as above
    import warnings  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    return ""


if __name__ == "__main__":
    del sys.path[0]  # where this file is: none of the Python's own modules
    main()
