"""Expressions and commands that name a path: `Path("..") / "data" / name`, `os.path.join(ROOT, "x.csv")`, `!cat x`."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath

from cellrun.magics.capture.source.analysis import NamedPart, Piece, Pieces

_PATH_TYPES = frozenset({"Path", "PurePath", "PosixPath", "PurePosixPath"})
_GLOBS = frozenset({"glob", "iglob", "rglob"})
_OF_CURRENT = frozenset({"cwd", "getcwd"})
_SAME_OF = frozenset({"abspath", "realpath", "normpath", "fspath", "str"})  # functions
_SAME = frozenset({"resolve", "absolute", "as_posix"})  # methods
_SHELL_LINES = frozenset({"sx", "system", "run", "cat", "cp", "head", "less", "ll", "ls", "more", "mv", "rm", "tail"})
_SHELL_CELLS = frozenset({"!", "bash", "script", "sh", "sx", "system", "zsh"})
_STACKED = re.compile(r"(?:%%.*\n|\s)*%%(?:!|(?:bash|script|sh|sx|system|zsh)\b)")  # below `%%time` and the like
_OWNERS = frozenset({"asyncio", "os", "sp", "subprocess"})
_STARTERS = frozenset({"system", "popen", "run", "call", "create_subprocess_exec", "create_subprocess_shell"})
_STARTERS_ALONE = frozenset({"Popen", "check_call", "check_output", "getoutput", "getstatusoutput"})
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_BETWEEN_WORDS = re.compile(r"[\s;|&<>()`]+")
_BETWEEN_NAMES = re.compile(r"[\s;|&<>()`'\",=:]+")
_ODD = re.compile(r"[\\^$+{}!]")  # of no pattern, but of what a shell replaces or a program searches for
_NAME = re.compile(r"\{(\w*)\}|\$\{?([A-Za-z_]\w*)\}?")
_WILD = re.compile(r"[*?[]")


UNKNOWN: Pieces = ((NamedPart(""),),)
CURRENT: Pieces = ((".",),)
_UP: Pieces = (("..",),)


def path_of(pieces: Pieces, value_of: Callable[[str], object]) -> str:
    """Return a path, up to the folder before the first part that nobody knows; empty if that is the first one.

    `value_of` returns what a name stands for, None if nothing is known of it.
    """
    path = ""
    for piece in pieces:
        words = ""
        for part in piece:
            value = part if isinstance(part, str) else value_of(part.name)
            is_known = issubclass(type(value), (str, PurePath, int)) and type(value) is not bool
            literal, sign = _literal(str(value), "" if isinstance(part, str) else part.sign) if is_known else ("", "?")
            words += literal
            if sign:
                return os.path.join(path, words.rpartition("/")[0]) if words else path  # noqa: PTH118  # texts
        path = os.path.join(path, words)  # noqa: PTH118  # as above: `..` stays as it is
    return path


class PathExpressions(ast.NodeVisitor):
    """Takes expressions apart: `visit` returns the pieces of one that is a path or a text, None of any other."""

    def __init__(self) -> None:
        self.known: dict[str, Pieces] = {}
        """What names stand for that the source itself has given a value."""

    def visit(self, node: ast.AST) -> Pieces | None:
        """Return the pieces of an expression."""
        pieces: Pieces | None = super().visit(node)
        return pieces

    def generic_visit(self, _: ast.AST) -> None:
        """Return None: nothing else is a path."""

    def visit_Constant(self, node: ast.Constant) -> Pieces | None:
        """Take a text."""
        return ((node.value,),) if isinstance(node.value, str) else None

    def visit_Name(self, node: ast.Name) -> Pieces:
        """Take a name for what it stands for here, or will turn out to."""
        return self.known.get(node.id, ((NamedPart(node.id),),))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Pieces:
        """Take an f-string."""
        return (tuple(part for each in node.values for part in self._format_parts(each)),)

    def visit_BinOp(self, node: ast.BinOp) -> Pieces | None:
        """Take `path / 'x'`, `text + 'x'` and `text % x`."""
        left = self.visit(node.left)
        if left is None or not isinstance(node.op, ast.Div | ast.Add | ast.Mod):
            return None
        if isinstance(node.op, ast.Mod):
            return _filled(left, "%")
        right = self.visit(node.right) or UNKNOWN
        return left + right if isinstance(node.op, ast.Div) else ((*_as_one(left), *_as_one(right)),)

    def visit_Attribute(self, node: ast.Attribute) -> Pieces | None:
        """Take `path.parent`, and `module.name` for what it stands for."""
        if node.attr == "parent":
            return self._of_path(node.value, _UP)
        name = _dotted(node)
        return ((NamedPart(name),),) if name else None

    def visit_Subscript(self, node: ast.Subscript) -> Pieces | None:
        """Take `path.parents[1]`."""
        value, index = node.value, node.slice
        if not (isinstance(value, ast.Attribute) and value.attr == "parents" and isinstance(index, ast.Constant)):
            return None
        number = index.value
        return self._of_path(value.value, _UP * (number + 1)) if isinstance(number, int) and number >= 0 else None

    def visit_Call(self, node: ast.Call) -> Pieces | None:
        """Take `Path('x')`, `os.path.join('x', y)`, `path.joinpath('x')` and their kin."""
        name = last_name(node.func)
        given = tuple(piece for each in node.args for piece in self.visit(each) or UNKNOWN)
        if name in _PATH_TYPES:
            return given or CURRENT
        if name in _OF_CURRENT and not given:
            return CURRENT
        if name in _SAME_OF and len(node.args) == 1:
            return given
        if name == "dirname" and len(node.args) == 1:
            return given + _UP
        return self._method(node.func, name, given) if isinstance(node.func, ast.Attribute) else None

    def _method(self, function: ast.Attribute, name: str, given: Pieces) -> Pieces | None:
        if name == "join" and last_name(function.value) == "path":
            return given or None
        if name == "format":
            template = self.visit(function.value)
            return None if template is None else _filled(template, "{")
        return self._of_path(function.value, given) if name == "joinpath" or (name in _SAME and not given) else None

    def _of_path(self, node: ast.expr, more: Pieces) -> Pieces | None:
        """Return the pieces of something that has a path's methods, which a text hasn't, and more."""
        pieces = None if isinstance(node, ast.Constant) else self.visit(node)
        return None if pieces is None else pieces + more

    def _format_parts(self, node: ast.expr) -> Piece:
        if isinstance(node, ast.Constant):
            return (str(node.value),)
        is_plain = isinstance(node, ast.FormattedValue) and node.format_spec is None
        pieces = self.visit(node.value) if is_plain and isinstance(node, ast.FormattedValue) else None
        return _as_one(pieces or UNKNOWN)


def globbed(call: ast.Call, expressions: PathExpressions) -> Pieces | None:
    """Return the pattern that a call looks for files by: `glob.glob("*.csv")`, `Path("data").rglob("*.csv")`."""
    name = last_name(call.func)
    if name not in _GLOBS or not call.args:
        return None
    pattern = expressions.visit(call.args[0])
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if pattern is None or owner is None or last_name(owner) == "glob":  # a function of the module `glob`
        return pattern
    folder = expressions.visit(owner)
    if folder is None:
        return None
    return folder + ((("**",),) if name == "rglob" else ()) + pattern


def filled_in(node: ast.AST) -> list[ast.expr]:
    """Return what a template is filled with, which is no part of its path."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return [node.right]
    if isinstance(node, ast.Call) and last_name(node.func) == "format":
        return [*node.args, *(each.value for each in node.keywords)]
    return []


def last_name(node: ast.expr) -> str:
    """Return the last name of `a.b.c`; empty for what is no such thing."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _dotted(node: ast.expr) -> str:
    """Return `a.b.c` as a text; empty for what isn't made of names alone."""
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""


def _filled(template: Pieces, sign: str) -> Pieces:
    """Return the pieces of a text up to the first place that is filled in."""
    pieces: list[Piece] = []
    for piece in template:
        parts: list[str | NamedPart] = []
        for part in piece:
            if isinstance(part, NamedPart):
                parts.append(NamedPart(part.name, sign))
                continue
            literal, found = _literal(part, sign)
            parts.append(literal)
            if found:
                return (*pieces, (*parts, NamedPart("")))
        pieces.append(tuple(parts))
    return tuple(pieces)


def _literal(text: str, sign: str) -> tuple[str, str]:
    """Return what of a text stands before a sign, and the sign if it is there."""
    literal, found, _ = text.partition(sign) if sign else (text, "", "")
    return literal, found


def _as_one(pieces: Pieces) -> Piece:
    first, *others = pieces
    return (*first, *(part for piece in others for part in ("/", *piece)))


def command_parts(call: ast.Call) -> Sequence[ast.expr]:
    """Return the arguments of a call that are a command or its words; empty if it starts no program."""
    name, owner = last_name(call.func), call.func.value if isinstance(call.func, ast.Attribute) else None
    texts = [each.value if isinstance(each, ast.Constant) else None for each in call.args]
    if name == "run_line_magic":
        return call.args[1:2] if texts[:1] and texts[0] in _SHELL_LINES else ()
    if name == "run_cell_magic":
        is_of_shell = bool(texts) and (texts[0] in _SHELL_CELLS or _STACKED.match(str(texts[-1])))
        return call.args[2:3] if is_of_shell else ()
    is_of_ipython = isinstance(owner, ast.Call) and last_name(owner.func) == "get_ipython" and name == "system"
    is_of_owner = owner is not None and last_name(owner) in _OWNERS and name in _STARTERS
    if not (is_of_ipython or is_of_owner or name in _STARTERS_ALONE):
        return ()
    first = call.args[0] if call.args else None
    if isinstance(first, (ast.List, ast.Tuple)):
        return first.elts
    return call.args if name == "create_subprocess_exec" else call.args[:1]


def template(pieces: Pieces) -> str:
    """Return a command as a text, with `{name}` for what a name stands for."""
    parts = ("".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in piece) for piece in pieces)
    return "/".join(parts)


def named_in(command: str) -> Iterator[Pieces]:
    """Iterate over what may be the path of a file in a command, wildcards aside."""
    text = _COMMENT.sub("", command)
    quoted = (each[1:-1] for each in _QUOTED.findall(text))
    for word in dict.fromkeys((*_BETWEEN_NAMES.split(text), *quoted)):
        if word and not _WILD.search(word):
            yield (_pieces(word),)


def patterns_in(command: str) -> Iterator[Pieces]:
    """Iterate over the words that a shell replaces by the names of the files that they fit."""
    text = _QUOTED.sub(" ", _COMMENT.sub("", command))
    for word in dict.fromkeys(_BETWEEN_WORDS.split(text)):
        if _WILD.search(word) and not _ODD.search(word):
            yield ((word,),)


def _pieces(word: str) -> Piece:
    parts: list[str | NamedPart] = []
    start = 0
    for found in _NAME.finditer(word):
        parts += [word[start : found.start()], NamedPart(found.group(1) or found.group(2) or "")]
        start = found.end()
    return (*(each for each in (*parts, word[start:]) if each != ""),)
