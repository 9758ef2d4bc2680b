"""Finds what a source reads from outside of Python: file paths, entered folders, environment variables.

Pure data out, as in `analysis`: what a name stands for is looked up afterwards.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import CodeType

from cellrun.magics.capture.paths.expressions import (
    CURRENT,
    UNKNOWN,
    PathExpressions,
    command_parts,
    filled_in,
    globbed,
    last_name,
    named_in,
    patterns_in,
    template,
)
from cellrun.magics.capture.source.analysis import NOTHING, Outside, PathText, Pieces, Variable

_CONTEXT = "ctx"  # whether a name is read or given a value: no node that anybody visits
_VARIABLE_GETTERS = frozenset({"get", "pop", "setdefault"})
_ADDERS = frozenset({"append", "insert"})
_FOLDER_LISTERS = frozenset({"listdir", "scandir", "walk"})
_PATH_LISTERS = frozenset({"iterdir"})
_SHELLS = frozenset({"system", "getoutput"})
_WRITER = re.compile(r"(save|write|to_|dump|export|sink_|imwrite|imsave)\w*")
_WRITING_MODES = frozenset({"a", "a+", "r+", "r+b", "rb+", "w", "w+", "wb", "ab", "x", "w-"})
_LISTING = re.compile(r"(ls|ll|dir|find|tree|du)( +-[\w-]+)*( +(\.|\*))?")
_SHELL_VARIABLE = re.compile(r"(?<!\$)\$(?:\{(\w+)\}|([A-Za-z_]\w*))")
_LEAVES = frozenset({ast.Name, ast.Constant})  # most nodes; by itself none tells anything
_PATHS = (ast.BinOp, ast.Call, ast.JoinedStr, ast.Attribute, ast.Subscript)


def outside_of(nodes: Iterable[ast.AST]) -> Outside:
    """Return what statements or expressions read from outside, functions in them included."""
    reader = _Reader()
    for node in nodes:
        reader.visit(node)
    required = [each for each in reader.variables if not (each.is_required and each.name in reader.written)]
    return Outside(tuple(reader.paths), tuple(required))


def outside_of_code(code: CodeType, source: str) -> Outside:
    """Return what a function reads from outside, by the source of the cell or file that it was compiled from."""
    return _functions(source).get((code.co_name, code.co_firstlineno), NOTHING)


@lru_cache(maxsize=256)
def _functions(source: str) -> dict[tuple[str, int], Outside]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # it isn't what was compiled any more
        return {}
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min(each.lineno for each in (node, *node.decorator_list))
            found[node.name, first] = outside_of([node])
        elif isinstance(node, ast.Lambda):
            found["<lambda>", node.lineno] = outside_of([node.body])
    return found


class _Reader(ast.NodeVisitor):
    """Walks a source in its order, with the paths that it has given names so far."""

    def __init__(self) -> None:
        self.paths: list[PathText] = []
        self.variables: list[Variable] = []
        self.written: set[str] = set()
        self._expressions = PathExpressions()
        self._is_inside = False
        self._apart: set[int] = set()

    def visit(self, node: ast.AST) -> None:
        """Note a path that is put together, once as a whole and not in its parts."""
        was_inside = self._is_inside
        if was_inside and self._stands_apart(node):
            self._is_inside = False
        if not self._is_inside and isinstance(node, _PATHS):
            pieces = self._expressions.visit(node)
            if pieces is not None:
                self.paths.append(PathText(pieces, node.lineno))
                self._apart.update(map(id, filled_in(node)))
                self._is_inside = True
        super().visit(node)
        self._is_inside = was_inside

    def generic_visit(self, node: ast.AST) -> None:
        """Visit what a node is made of."""
        for each in children(node):
            if type(each) not in _LEAVES:
                self.visit(each)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Note what a name stands for from here on."""
        self.generic_visit(node)
        target, pieces = node.targets[0], self._expressions.visit(node.value)
        if isinstance(target, ast.Name):
            self._expressions.known[target.id] = UNKNOWN if pieces is None else pieces

    def visit_For(self, node: ast.For) -> None:
        """Note that a loop's variable may be anything."""
        for each in ast.walk(node.target):
            if isinstance(each, ast.Name):
                self._expressions.known[each.id] = UNKNOWN
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Note `os.environ["X"]`."""
        if _is_environ(node.value) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            if isinstance(node.ctx, ast.Load):
                self.variables.append(Variable(node.slice.value, node.lineno, is_required=True))
            else:
                self.written.add(node.slice.value)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Note `"X" in os.environ`."""
        if isinstance(node.left, ast.Constant) and any(map(_is_environ, node.comparators)):
            self._note_variable(node.left)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Note `os.getenv("X")`, `os.chdir("x")`, and the same in a magic or a shell line."""
        name = last_name(node.func)
        first = node.args[0] if node.args else None
        self._note_listing(node, name)
        self._note_pattern(node)
        self._note_changes(node, name)
        of_environ = isinstance(node.func, ast.Attribute) and _is_environ(node.func.value)
        if first is not None:
            if name == "getenv" or (of_environ and name in _VARIABLE_GETTERS):
                self._note_variable(first)
            elif name == "chdir":
                self._enter(self._expressions.visit(first), node.lineno)
            elif name in _ADDERS and _is_sys_path(node.func):
                pieces = self._expressions.visit(node.args[-1])
                if pieces is not None:
                    self.paths.append(PathText(pieces, node.lineno, is_searched=True))
        texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if name == "run_line_magic" and texts[:1] == ["cd"]:
            folder = texts[-1].split()[-1:]  # after its options
            self._enter(((folder[0].strip("'\""),),) if folder else None, node.lineno)
        elif name in _SHELLS or (name == "run_cell_magic" and texts[:1] in (["bash"], ["sh"], ["script"])):
            for text in texts:
                self.variables += [Variable(a or b, node.lineno) for a, b in _SHELL_VARIABLE.findall(text)]
        self.generic_visit(node)

    def _stands_apart(self, node: ast.AST) -> bool:
        """Whether something inside of a path is none of its parts: `"value: " + open(f"data/{n}").read()`."""
        return id(node) in self._apart or (isinstance(node, ast.Call) and self._expressions.visit(node) is None)

    def _note_listing(self, node: ast.Call, name: str) -> None:
        """Note what lists a folder: `os.listdir()`, `Path("x").iterdir()`, `!ls`."""
        pieces = None
        if _is_listing_command(node, name):
            pieces = CURRENT
        elif name in _FOLDER_LISTERS:
            pieces = self._expressions.visit(node.args[0]) if node.args else CURRENT
        elif name in _PATH_LISTERS and isinstance(node.func, ast.Attribute):
            pieces = self._expressions.visit(node.func.value)
        if pieces is not None:
            self.paths.append(PathText(pieces, node.lineno, is_listed=True))

    def _note_pattern(self, node: ast.Call) -> None:
        pieces = globbed(node, self._expressions)
        if pieces is not None:
            self.paths.append(PathText(pieces, node.lineno, is_globbed=True))

    def _note_changes(self, node: ast.Call, name: str) -> None:
        """Note what a command names, and what a library writes to: `torch.save(model, "model.pt")`."""
        for part in command_parts(node):
            pieces = self._expressions.visit(part)
            text = template(pieces) if pieces is not None else ""
            self.paths += [PathText(each, node.lineno, is_changed=True) for each in named_in(text)]
            self.paths += [PathText(each, node.lineno, is_globbed=True, is_changed=True) for each in patterns_in(text)]
        if _WRITER.fullmatch(name) or (name != "open" and _has_writing_mode(node)):
            for argument in (*node.args, *(each.value for each in node.keywords)):
                pieces = self._expressions.visit(argument)
                if pieces is not None:
                    self.paths.append(PathText(pieces, node.lineno, is_changed=True))

    def _note_variable(self, node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.variables.append(Variable(node.value, node.lineno))

    def _enter(self, pieces: Pieces | None, line: int) -> None:
        if pieces is not None:
            self.paths.append(PathText(pieces, line, is_entered=True))


def _is_listing_command(node: ast.Call, name: str) -> bool:
    """Whether a call is a shell line or a magic that lists the current folder."""
    texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    line = " ".join(texts) if name in _SHELLS or name == "run_line_magic" else ""
    return _LISTING.fullmatch(line.strip()) is not None


def _has_writing_mode(node: ast.Call) -> bool:
    """Whether a call says that a file may be changed: `h5py.File("x.h5", "a")`."""
    modes = [*node.args[1:2], *(each.value for each in node.keywords if each.arg == "mode")]
    return any(isinstance(each, ast.Constant) and each.value in _WRITING_MODES for each in modes)


def _is_sys_path(node: ast.expr) -> bool:
    """Whether a method is one of `sys.path`."""
    owner = node.value if isinstance(node, ast.Attribute) else None
    return isinstance(owner, ast.Attribute) and owner.attr == "path" and last_name(owner.value) == "sys"


def _is_environ(node: ast.expr) -> bool:
    return last_name(node) == "environ"


def walk(node: ast.AST) -> list[ast.AST]:
    """Return a node and all nodes below it, each before those below it.

    Quicker than `ast.walk`: a package's files have a million nodes, half of which only say `Load`.
    """
    found = [node]
    for each in found:  # it grows meanwhile
        found += children(each)
    return found


def children(node: ast.AST) -> Iterator[ast.AST]:
    """Iterate over the nodes right below a node."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            for each in value:
                if isinstance(each, ast.AST):
                    yield each
        elif isinstance(value, ast.AST) and name != _CONTEXT:
            yield value
