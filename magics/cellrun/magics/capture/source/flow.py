# ruff: noqa: N815  # the names of methods are ast's
"""Follows a cell's statements in the order in which they run: which names are read before they surely have a value."""

from __future__ import annotations
import __future__

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from cellrun.core.cell.execution import CELL_FLAGS, FUTURE_FLAGS, parsed
from cellrun.magics.capture.paths.in_source import outside_of
from cellrun.magics.capture.source.analysis import Analysis, Certainty
from cellrun.magics.capture.source.bindings import (
    Bindings,
    breaks,
    catches_name_error,
    import_certainty,
    leaves,
    may_suppress,
)
from cellrun.magics.capture.source.code_reads import code_reads, is_function, walk_code
from cellrun.magics.capture.source.hints import Hints, MagicParts, magic_parts


def analyse(source: str, filename: str = "<cell>", transform: Callable[[str], str] = str) -> Analysis:
    """Analyse the source of a cell, already in plain Python; `transform` makes plain Python of the bodies of magics.

    Raises SyntaxError, with the source's own line numbers, if the source can't be compiled.
    """
    tree = parsed(source, filename)
    code = compile(tree, filename, "exec", CELL_FLAGS, dont_inherit=True)  # refuses what the parser can't know
    bindings = Bindings()
    _Flow(bindings, transform, code.co_flags & FUTURE_FLAGS).follow(tree.body)
    return replace(bindings.analysis(), imports=import_certainty(tree.body), outside=outside_of(tree.body))


class _Flow(ast.NodeVisitor):
    """Visits the statements of one cell in the order in which they run."""

    def __init__(self, bindings: Bindings, transform: Callable[[str], str], future_flags: int) -> None:
        self._now = bindings
        self._hints = Hints(bindings)
        self._transform = transform
        self._flags = future_flags | CELL_FLAGS

    def follow(self, nodes: Iterable[ast.AST]) -> None:
        """Visit nodes in order."""
        for node in nodes:
            self.visit(node)

    # names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._now.bind(node.id)
        else:
            self._now.read(node.id, node.lineno)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._now.bind(node.target.id, beyond_comprehension=True)

    def visit_Assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        if isinstance(node.value, ast.Lambda) and isinstance(target, ast.Name):
            self._visit_defaults(node.value.args)
            self._define(target.id, node)
        else:
            self.visit(node.value)
        self.follow(node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._now.read(node.target.id, node.target.lineno)
        self.visit(node.value)
        self.visit(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_annotation(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._now.imports(alias.name, node.lineno)
            self._now.bind(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module and not node.level:
            self._now.imports(node.module, node.lineno)
        for alias in node.names:
            self._now.attributes.add(alias.name)
            if alias.name == "*":
                self._now.is_open = True
                self._now.stars.add("." * node.level + (node.module or ""))
            elif node.module == "__main__":
                self._now.read(alias.name, node.lineno)
                self._now.bind(alias.asname or alias.name)
            else:
                self._now.bind(alias.asname or alias.name)

    # what may tell more than its syntax

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._now.attributes.add(node.attr)
        self._hints.attribute(node)
        self.visit(node.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._now.text(node.value, node.lineno)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not self._hints.subscript(node):
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        self._hints.compare(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        parts = magic_parts(node)
        if parts is not None:
            self.visit(node.func)
            self._visit_magic(parts, node.lineno)
        else:
            self._hints.call(node)
            self.generic_visit(node)

    def _visit_magic(self, parts: MagicParts, line: int) -> None:
        outer = self._now.line_offset
        self._now.line_offset = outer + line - 1
        self._hints.words(parts)
        try:
            tree = compile(self._transform(parts.code), "<magic>", "exec", ast.PyCF_ONLY_AST | self._flags)
        except SyntaxError:  # the magic itself will say it, or takes something else than Python
            tree = ast.Module([], [])
        if parts.runs_apart:
            self._now.in_branch(lambda: self.follow(tree.body))
        else:
            self.follow(tree.body)
        self._now.line_offset = outer

    # branches

    def _branches(self, *bodies: Sequence[ast.AST], is_exhaustive: bool) -> None:
        """Visit bodies of which one runs, or none unless they are exhaustive."""
        ends = [] if is_exhaustive else [self._now.bound]
        for body in bodies:
            end = self._now.in_branch(lambda body=body: self.follow(body))  # type: ignore[misc]
            if not leaves(body):
                ends.append(end)
        if ends:
            self._now.bound = frozenset.intersection(*ends)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branches(node.body, node.orelse, is_exhaustive=True)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self._branches([node.body], [node.orelse], is_exhaustive=True)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self._branches(node.values[1:], is_exhaustive=False)

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._loop(node.body, node.orelse)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._loop([node.target, *node.body], node.orelse)

    def _loop(self, body: Sequence[ast.AST], orelse: Sequence[ast.AST]) -> None:
        """Visit a loop's body, and its `else`, which surely runs where no `break` leaves the loop."""
        self._branches(body, is_exhaustive=False)
        if any(map(breaks, body)):
            self._branches(orelse, is_exhaustive=False)
        else:
            self.follow(orelse)

    visit_AsyncFor = visit_For

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        cases = [[each.pattern, *([each.guard] if each.guard else []), *each.body] for each in node.cases]
        last = node.cases[-1]
        is_exhaustive = last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        self._branches(*cases, is_exhaustive=is_exhaustive)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.generic_visit(node)
        if node.name:
            self._now.bind(node.name)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest:
            self._now.bind(node.rest)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars:
                self.visit(item.optional_vars)
        if any(may_suppress(item.context_expr) for item in node.items):
            self._branches(node.body, is_exhaustive=False)
        else:
            self.follow(node.body)

    visit_AsyncWith = visit_With

    def visit_Try(self, node: ast.Try) -> None:
        start, certainty = self._now.bound, self._now.certainty
        if any(catches_name_error(handler) for handler in node.handlers):
            self._now.certainty = min(certainty, Certainty.LIKELY)
        self.follow(node.body)
        self.follow(node.orelse)
        after, self._now.bound, self._now.certainty = self._now.bound, start, certainty
        if any(not leaves(handler.body) for handler in node.handlers):
            self._branches(*([handler] for handler in node.handlers), is_exhaustive=True)
            after &= self._now.bound
        else:
            self._branches(*([handler] for handler in node.handlers), is_exhaustive=False)
        self._now.bound = start
        self.follow(node.finalbody)
        self._now.bound |= after

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type:
            self.visit(node.type)
        if node.name:
            self._now.bind(node.name)
        self.follow(node.body)

    # functions, classes, comprehensions

    def _define(self, name: str, node: ast.stmt) -> None:
        """Keep what a definition's functions read when they are called; a method's reads are its outermost class's."""
        if self._now.class_name:
            return
        reads = []
        module = compile(ast.Module([node], []), "<cell>", "exec", self._flags, dont_inherit=True)
        for code in walk_code(module):
            if is_function(code):
                reads += self._now.function(code_reads(code), name, code.co_firstlineno)
        self._now.definitions[name] = (*self._now.definitions.get(name, ()), *reads)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.follow(node.decorator_list)
        self._visit_defaults(node.args)
        annotations = [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)]
        self._with_type_parameters(node, lambda: self._visit_annotations((*annotations, node.returns)))
        self._define(node.name, node)
        self._now.bind(node.name)
        if node.decorator_list:  # a decorator may call it at once
            self._now.read(node.name, node.lineno, Certainty.LIKELY)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_defaults(node.args)
        expression = compile(ast.Expression(node), "<cell>", "eval", self._flags, dont_inherit=True)
        for code in walk_code(expression):
            if is_function(code):
                for read in self._now.function(code_reads(code), "", node.lineno):
                    self._now.read(read.name, node.lineno, read.certainty)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.follow(node.decorator_list)
        self._with_type_parameters(node, lambda: self._visit_class(node))
        self._define(node.name, node)
        self._now.bind(node.name)
        if node.decorator_list or node.bases or node.keywords:  # these may call its methods at once
            self._now.read(node.name, node.lineno, Certainty.LIKELY)

    def _visit_class(self, node: ast.ClassDef) -> None:
        self.follow((*node.bases, *node.keywords))
        outer, self._now.class_name = self._now.class_name, self._now.class_name or node.name
        self._now.in_scope(lambda: self.follow(node.body), is_class=True, names={"__module__", "__qualname__"})
        self._now.class_name = outer

    def visit_TypeAlias(self, node: Any) -> None:  # ast.TypeAlias, since Python 3.12
        self._with_type_parameters(node, lambda: self._read_later(node.value))
        self.visit(node.name)

    def _with_type_parameters(self, node: ast.AST, visit: Callable[[], None]) -> None:
        """Visit what sees the type parameters of a definition: `def f[T: Bound](…)`, since Python 3.12."""
        parameters = getattr(node, "type_params", ())
        if not parameters:
            visit()
            return

        def inside() -> None:
            self._read_later(*(part for each in parameters for part in ast.iter_child_nodes(each)))
            visit()

        self._now.in_scope(inside, is_class=False, names={each.name for each in parameters})

    def _read_later(self, *nodes: ast.AST) -> None:
        """Visit what is evaluated when somebody asks for it."""
        self._now.in_branch(lambda: self.follow(nodes))

    def _visit_comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        self.visit(node.generators[0].iter)
        self._now.in_branch(
            lambda: self._now.in_scope(lambda: self._visit_inside(node), is_class=False),
        )

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _visit_comprehension

    def _visit_inside(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        for number, generator in enumerate(node.generators):
            if number:
                self.visit(generator.iter)
            self.visit(generator.target)
            self.follow(generator.ifs)
        self.follow((node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,))

    def _visit_defaults(self, arguments: ast.arguments) -> None:
        self.follow(each for each in (*arguments.defaults, *arguments.kw_defaults) if each is not None)

    def _visit_annotations(self, annotations: Iterable[ast.expr | None]) -> None:
        for annotation in annotations:
            self._visit_annotation(annotation)

    def _visit_annotation(self, annotation: ast.expr | None) -> None:
        if annotation is None:
            return
        if self._flags & __future__.annotations.compiler_flag:
            self._hints.annotation(ast.unparse(annotation), annotation.lineno)
        else:
            self.visit(annotation)
            for node in ast.walk(annotation):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    self._hints.annotation(node.value, node.lineno)
