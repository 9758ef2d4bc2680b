"""Executes the code of a cell as a kernel does: at module level, `await` allowed, the last expression echoed."""

from __future__ import annotations
import __future__

import ast
import inspect
import sys
from types import CodeType
from typing import Any

from cellrun.core.cell.display.echo import echo
from cellrun.core.context.state import echoing

CELL_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
FUTURE_FLAGS = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


def run_code(source: str, filename: str, namespace: dict[str, Any]) -> None:
    """Run source in a namespace; whatever it raises is raised here."""
    codes = _compiled(source, filename)
    sys.displayhook = echo
    if not any(code.co_flags & inspect.CO_COROUTINE for code in codes):
        for code in codes:
            exec(code, namespace)  # noqa: S102  # a cell is code
        return

    import asyncio  # noqa: PLC0415  # it is slow to load, and few cells await

    async def run_all() -> None:
        for code in codes:
            result = eval(code, namespace)  # noqa: S307  # as above; a coroutine if it awaits something
            if code.co_flags & inspect.CO_COROUTINE:
                await result

    asyncio.run(run_all())


def _compiled(source: str, filename: str) -> list[CodeType]:
    """Return the code of the statements, and apart from it that of those that are echoed."""
    tree = parsed(source, filename)
    echoed: list[ast.stmt] = [] if is_silenced(source) else _split_off_echoed(tree.body)
    statements = compile(tree, filename, "exec", CELL_FLAGS, dont_inherit=True)
    flags = CELL_FLAGS | statements.co_flags & FUTURE_FLAGS
    return [statements, compile(ast.Interactive(echoed), filename, "single", flags, dont_inherit=True)]


def parsed(source: str, filename: str) -> ast.Module:
    """Return the statements of a cell; imports from `__future__`, which may stand anywhere in one, come first."""
    tree: ast.Module = compile(source, filename, "exec", ast.PyCF_ONLY_AST | CELL_FLAGS, dont_inherit=True)
    tree.body.sort(key=lambda each: not (isinstance(each, ast.ImportFrom) and each.module == "__future__"))
    return tree


def _split_off_echoed(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Take the statements that are echoed off the end of a cell's, and return them."""
    if echoing.interactivity == "last_expr_or_assign":
        statements += _assigned_name(statements)
    if not statements or echoing.interactivity == "none":
        return []
    if echoing.interactivity == "all":
        echoed, statements[:] = list(statements), []
        return echoed
    return [statements.pop()] if echoing.interactivity == "last" or isinstance(statements[-1], ast.Expr) else []


def _assigned_name(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Return an expression of the name that the last statement gives a value, if it does so to one."""
    match statements[-1:]:
        case [ast.Assign(targets=[ast.Name(name) as target])]:
            pass
        case [ast.AugAssign(target=ast.Name(name) as target) | ast.AnnAssign(target=ast.Name(name) as target)]:
            pass
        case _:
            return []
    return [ast.copy_location(ast.Expr(ast.copy_location(ast.Name(name, ast.Load()), target)), target)]


def is_silenced(source: str) -> bool:
    """Whether the source ends with a semicolon, which keeps the last expression from being echoed."""
    if ";" not in source:
        return False
    import io  # noqa: PLC0415  # few cells have one at all
    import tokenize  # noqa: PLC0415

    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.DEDENT}
    words = [token.string for token in tokens if token.type not in skipped]
    return bool(words) and words[-1] == ";"
