"""A small mutator: one change at a time to the syntax tree of a Python module.

Not mutated: docstrings, annotations, decorators, imports, what is printed or logged, and lines that
the caller leaves out.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip
_SAYS = frozenset(
    {"print", "log", "log_message", "debug", "info", "warning", "error", "exception", "warn"}
)
_HIT = "__hit__"


@dataclass(frozen=True)
class Mutant:
    """One change. `was` and `now` are the statement it is in, one line of each."""

    number: int
    line: int
    change: str
    was: str
    now: str
    turn: int = 0
    """How many with the same texts come before it."""


@dataclass(frozen=True)
class _Site:
    """Where a node stands, and what is put there instead."""

    holder: ast.AST
    field: str
    index: int
    """-1: the field is the node itself."""
    new: ast.AST
    change: str
    statement: ast.stmt
    wrapped: bool
    """An expression of its own, so that it can be seen whether it was evaluated."""

    def node(self) -> ast.AST:
        """What stands there now."""
        held = getattr(self.holder, self.field)
        node: ast.AST = held if self.index < 0 else held[self.index]
        return node

    def put(self, node: ast.AST) -> None:
        """Put another node there."""
        if self.index < 0:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.index] = node


class Module:
    """A module's source and its mutants."""

    def __init__(self, source: str, leave: Collection[str] = ()) -> None:
        self._source = source
        self._tree = ast.parse(source)
        lines = source.splitlines()
        self._sites: list[_Site] = []
        self.mutants: list[Mutant] = []
        for site in _sites(self._tree):
            first, last = site.statement.lineno, _header_end(site.statement)
            if any(word in line for word in leave for line in lines[first - 1 : last]):
                continue
            was, now = self._shown(site)
            if was == now:
                continue
            line = getattr(site.node(), "lineno", first)
            alike = sum(one.was == was and one.now == now for one in self.mutants)
            self.mutants.append(Mutant(len(self._sites), line, site.change, was, now, alike))
            self._sites.append(site)

    def _shown(self, site: _Site) -> tuple[str, str]:
        was = _header(site.statement)
        if site.node() is site.statement:
            return was, _header(site.new)
        return was, self._with(site, lambda: _header(site.statement))

    def _with(self, site: _Site, make: Callable[[], str]) -> str:
        old = site.node()
        site.put(site.new)
        try:
            return make()
        finally:
            site.put(old)

    def source(self, number: int) -> str:
        """The module with one mutant in it."""
        return self._with(self._sites[number], lambda: ast.unparse(self._tree))

    def unchanged(self) -> str:
        """The module as the mutants are written, without any: it must behave as ever."""
        return ast.unparse(self._tree)

    def instrumented(self, path: str, prefix: str) -> str:
        """The module, writing a line "PREFIX NUMBER" to the file at `path` for every mutant whose
        place is come by."""
        holders: dict[int, list[int]] = {}
        for number, site in enumerate(self._sites):
            node = site.node() if site.wrapped else site.statement
            holders.setdefault(id(node), []).append(number)
        marks = _Marks(holders)
        memo: dict[int, object] = {}
        tree = copy.deepcopy(self._tree, memo)
        marks.originals = {id(copied): old for old, copied in memo.items()}
        marks.visit(tree)
        at = _after_imports_of_the_future(tree)
        tree.body[at:at] = ast.parse(_PRELUDE.format(hit=_HIT, path=path, prefix=prefix)).body
        return ast.unparse(ast.fix_missing_locations(tree))


_PRELUDE = """
import os as __os
__seen = set()
def {hit}(number):
    if number not in __seen:
        __seen.add(number)
        file = __os.open({path!r}, __os.O_WRONLY | __os.O_APPEND | __os.O_CREAT)
        __os.write(file, ({prefix!r} + " %d\\n" % number).encode())
        __os.close(file)
"""


class _Marks(ast.NodeTransformer):
    """Has every place say that it was come by."""

    def __init__(self, holders: dict[int, list[int]]) -> None:
        self.holders = holders
        self.originals: dict[int, int] = {}

    def visit(self, node: ast.AST) -> ast.AST:
        """A statement gets calls before it, an expression becomes the last of a tuple."""
        numbers = self.holders.get(self.originals.get(id(node), 0), [])
        self.generic_visit(node)
        calls = [ast.Call(ast.Name(_HIT, ast.Load()), [ast.Constant(n)], []) for n in numbers]
        if not calls:
            return node
        if isinstance(node, ast.stmt):
            # NodeTransformer takes lists of statements, its type says otherwise.
            return [*map(ast.Expr, calls), node]  # type: ignore[return-value]
        assert isinstance(node, ast.expr)
        last = ast.Tuple([*calls, node], ast.Load())
        return ast.Subscript(last, ast.Constant(len(calls)), ast.Load())


def _after_imports_of_the_future(tree: ast.Module) -> int:
    at = 0
    for index, node in enumerate(tree.body):
        documented = index == 0 and isinstance(node, ast.Expr)
        if documented or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            at = index + 1
    return at


def _header(node: ast.AST) -> str:
    """A statement, or the first line of one that has others in it."""
    lines = ast.unparse(node).splitlines()
    first = next((line for line in lines if not line.startswith("@")), "")
    return first.strip()


def _header_end(node: ast.stmt) -> int:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return max(node.lineno, int(body[0].lineno) - 1)
    return node.end_lineno or node.lineno


def _sites(tree: ast.Module) -> Iterator[_Site]:
    """Every change, in the order of the source."""
    yield from _below(tree, None)


def _below(node: ast.AST, statement: ast.stmt | None) -> Iterator[_Site]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "ctx", "type_comment"):
            continue
        several = isinstance(value, list)
        for index, child in enumerate(value if several else [value]):
            if not isinstance(child, ast.AST):
                continue
            if isinstance(child, ast.Import | ast.ImportFrom) or _is_text(child) or _says(child):
                continue
            inside = child if isinstance(child, ast.stmt) else statement
            wraps = isinstance(child, ast.expr) and not isinstance(
                node, ast.JoinedStr | ast.FormattedValue | ast.pattern
            )
            if inside is not None:
                for new, change in _changes(child, node):
                    at = index if several else -1
                    yield _Site(node, field, at, new, change, inside, wraps)
            yield from _below(child, inside)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or any other text that stands alone."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _says(node: ast.AST) -> bool:
    """What is only for a log."""
    call = node.value if isinstance(node, ast.Expr) else node
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in _SAYS


def _changes(node: ast.AST, holder: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """What `node` can be changed to."""
    if isinstance(node, ast.stmt):
        yield from _statement_changes(node)
    elif isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            ops = [_COMPARISONS[type(op)]() if i == at else one for i, one in enumerate(node.ops)]
            yield _as(node, ops=ops), "comparison"
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield _as(node, op=_ARITHMETIC[type(node.op)]()), "arithmetic"
    elif isinstance(node, ast.BoolOp):
        yield _as(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And()), "and, or"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand, "not"
    elif isinstance(node, ast.IfExp):
        yield _as(node, body=node.orelse, orelse=node.body), "condition"
    elif isinstance(node, ast.Constant) and not isinstance(holder, ast.FormattedValue):
        yield from _constant_changes(node)
    elif isinstance(node, ast.Dict) and node.keys:
        for at in range(len(node.keys)):
            keys, values = (
                node.keys[:at] + node.keys[at + 1 :],
                node.values[:at] + node.values[at + 1 :],
            )
            yield _as(node, keys=keys, values=values), "field left out"
    elif isinstance(node, ast.Call):
        for at in range(len(node.keywords)):
            kept = node.keywords[:at] + node.keywords[at + 1 :]
            yield _as(node, keywords=kept), "argument left out"
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield _as(node, ifs=[]), "filter left out"
    elif isinstance(node, ast.ExceptHandler):
        yield _as(node, body=[ast.Raise()]), "error not handled"


def _statement_changes(node: ast.stmt) -> Iterator[tuple[ast.AST, str]]:
    if isinstance(node, ast.If | ast.While):
        if not isinstance(node.test, ast.Compare) or len(node.test.ops) > 1:
            yield _as(node, test=ast.UnaryOp(ast.Not(), node.test)), "condition"
    elif isinstance(node, ast.Return) and node.value is not None:
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield ast.Return(ast.Constant(None)), "nothing returned"
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass(), "call left out"
    elif isinstance(node, ast.Raise):
        yield ast.Pass(), "error not raised"
    elif isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC:
        yield _as(node, op=_ARITHMETIC[type(node.op)]()), "arithmetic"
    elif isinstance(node, ast.Continue | ast.Break):
        yield (ast.Break() if isinstance(node, ast.Continue) else ast.Continue()), "loop"


def _constant_changes(node: ast.Constant) -> Iterator[tuple[ast.AST, str]]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value), "constant"
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1), "constant"
    elif isinstance(value, str):
        yield ast.Constant(value + "X"), "constant"
    elif isinstance(value, bytes):
        yield ast.Constant(value + b"X"), "constant"


def _as(node: ast.AST, **fields: object) -> ast.AST:
    """A copy of `node` with other fields; what is below it is shared."""
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made
