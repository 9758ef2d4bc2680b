"""The words of commands that a source starts: shell lines, `%%bash`, `os.system`, `subprocess`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from cellrun.magics.capture.source.path_expressions import Name, Piece, Pieces, last_name

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
    parts: list[str | Name] = []
    start = 0
    for found in _NAME.finditer(word):
        parts += [word[start : found.start()], Name(found.group(1) or found.group(2) or "")]
        start = found.end()
    return (*(each for each in (*parts, word[start:]) if each != ""),)
