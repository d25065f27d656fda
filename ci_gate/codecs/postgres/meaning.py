"""The canonical form of a statement: two that mean the same have the same one.

Asked for only when a text was not found as it is, so that a query builder which names aliases
another way or puts conditions in another order is a notice and no failure. Aliases of tables are
resolved, the terms of AND and OR sorted, parameters in their places; what decides the result (the
select list, names of columns, the order of joins) stays as it is. sqlglot reads the text.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from ci_gate.codecs.postgres.inlists import parameter_places
from ci_gate.codecs.postgres.params import Params, Value, in_one_order
from ci_gate.codecs.postgres.sql import tokens

_LONGEST = 20_000
"""Characters of a statement that is read."""
_CALL = "CI_GATE_PARAMETER"
_MARK = re.compile(_CALL + r"\((\d+)\)")
_READ = (exp.Select, exp.Insert, exp.Update, exp.Delete, exp.SetOperation)

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what it cannot read is no news here


class Meaning(msgspec.Struct, frozen=True):
    """What a statement means, however it is written."""

    form: str
    """The canonical form, parameters as `?`."""
    order: tuple[int, ...]
    """Which parameter each of them is, counted from 1: `b = $1 AND a = $2` has (2, 1)."""
    lists: tuple[tuple[int, ...], ...] = ()
    """Of each IN list of parameters, which places of `order` are in it."""


@lru_cache(maxsize=4096)
def meaning(sql: str) -> Meaning | None:
    """The meaning of one statement; None where it has none: not one SELECT, INSERT, UPDATE or
    DELETE, too long, or in a dialect that is not understood."""
    if len(sql) > _LONGEST:
        return None
    try:
        trees = [one for one in sqlglot.parse(_marked(sql), dialect="postgres") if one]
        if len(trees) != 1 or not isinstance(trees[0], _READ):
            return None
        tree = trees[0]
        for identifier in tree.find_all(exp.Identifier):
            _plain(identifier)
        _resolve(tree)
        text = _sorted(tree).sql(dialect="postgres", comments=False)
    except (SqlglotError, RecursionError, ValueError):
        return None
    order = tuple(int(number) for number in _MARK.findall(text))
    numbered = _MARK.sub(r"$\1", text)
    found = [(kind, numbered[start:end]) for kind, start, end in tokens(numbered)]
    return Meaning(_MARK.sub("?", text), order, parameter_places(found))


def same(one: str, params: Params, other: str, others: Params) -> bool:
    """True when two statements mean the same with these parameters."""
    first, second = meaning(one), meaning(other)
    return (
        first is not None
        and second is not None
        and first.form == second.form
        and in_order(first, params) == in_order(second, others)
    )


def in_order(meant: Meaning, values: Params) -> tuple[Value, ...] | None:
    """One value for each parameter, as the canonical form has them, those of an IN list in one
    order; None when one is missing."""
    if any(not 0 < number <= len(values) for number in meant.order):
        return None
    return in_one_order([values[number - 1] for number in meant.order], meant.lists)


def _marked(sql: str) -> str:
    """The text with parameters as calls, which no literal reads like: sqlglot takes `$1, $` for a
    quotation mark."""
    out: list[str] = []
    copied = 0
    for kind, start, end in tokens(sql):
        if kind == "parameter":
            out += [sql[copied:start], f"{_CALL}({sql[start + 1 : end]})"]
            copied = end
    return "".join((*out, sql[copied:]))


def _plain(identifier: exp.Identifier) -> None:
    """Without quotation marks where they make no difference."""
    name = identifier.name if identifier.args.get("quoted") else identifier.name.lower()
    safe = name.isidentifier() and name.isascii() and name == name.lower()
    identifier.set("this", name)
    identifier.set("quoted", not safe)


def _resolve(tree: exp.Expr) -> None:
    """Tables by their own names, numbered where a name stands for several; columns without one
    where there is but one table."""
    tables = list(tree.find_all(exp.Table))
    if len(tables) == 1 and not any(tree.find_all(exp.Subquery, exp.CTE, exp.SetOperation)):
        for column in tree.find_all(exp.Column):
            if column.table == tables[0].alias_or_name:
                column.set("table", None)
        tables[0].set("alias", None)
        return
    names = [table.name for table in tables]
    known = {
        id(table): table.name if names.count(table.name) == 1 else f"{table.name}#{number}"
        for number, table in enumerate(tables)
    }
    # Inner scopes come first, and each column is of the innermost one that has its table.
    columns: dict[int, tuple[exp.Column, str]] = {}
    resolved: dict[int, exp.Table] = {}
    for scope in traverse_scope(tree):
        for alias, (_, source) in scope.selected_sources.items():
            if not isinstance(source, exp.Table):
                continue
            resolved[id(source)] = source
            for column in scope.columns:
                if column.table == alias:
                    columns.setdefault(id(column), (column, known[id(source)]))
    for column, name in columns.values():
        column.set("table", exp.to_identifier(name, quoted=True))
    for key, table in resolved.items():
        shown = exp.to_identifier(known[key], quoted=True)
        table.set("alias", exp.TableAlias(this=shown))


def _sorted(tree: exp.Expr) -> exp.Expr:
    """With the terms of every AND and OR in one order, inner ones first, each in parentheses."""

    def one(node: exp.Expr) -> exp.Expr:
        kind = type(node)
        if kind not in (exp.And, exp.Or) or isinstance(node.parent, kind):
            return node
        terms = sorted((_sorted(term) for term in _terms(node, kind)), key=_unnumbered)
        joined = terms[0]
        for term in terms[1:]:
            joined = kind(this=joined, expression=term)
        return joined

    return tree.transform(one)


def _terms(node: exp.Expr, kind: type[exp.Expr]) -> Iterator[exp.Expr]:
    for side in (node.this, node.expression):
        bare = side.unnest()
        if isinstance(bare, kind):
            yield from _terms(bare, kind)
        else:
            yield exp.Paren(this=bare) if isinstance(bare, exp.Connector) else bare


def _unnumbered(node: exp.Expr) -> str:
    """Its text whatever the numbers of its parameters are."""
    return _MARK.sub("?", node.sql(dialect="postgres", comments=False))
