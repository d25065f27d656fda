"""SQL text as far as matching needs it: one spelling, literals apart, what a statement does.

A tokenizer of our own ("Lexical Structure" in PostgreSQL's documentation), cached by text: most
services say the same few hundred texts. Nothing is parsed into a tree here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from ci_gate.codecs.postgres.inlists import LITERALS, literal_order, parameter_lists

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<dollar>\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$)
    | (?P<parameter>\$\d+)
    | (?P<string>(?:[eE]|[bB]|[xX]|[nN]|[uU]&)?'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*")
    | (?P<number>(?:\d[\d_]*)(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
    | (?P<word>[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*)
    | (?P<sign>::|:=|<>|!=|<=|>=|\|\||->>|->|=>|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"[eE]'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_NESTED = re.compile(r"/\*|\*/")
_LISTS = re.compile(r"\b(IN|VALUES) \(((?:\?|\$\d+)(?:, (?:\?|\$\d+))*)\)")
LONGEST = 1 << 20
"""Characters of a statement that is looked into; a longer one stands for itself."""

_SESSION = frozenset(
    "BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE SET RESET DISCARD DEALLOCATE LISTEN "
    "UNLISTEN CLOSE PREPARE".split()
)
_READS = frozenset("SELECT SHOW EXPLAIN VALUES TABLE FETCH MOVE DECLARE".split())
_WRITING = frozenset("INSERT UPDATE DELETE MERGE".split())
_LOCKING = ("FOR UPDATE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR KEY SHARE")
_WRITING_CALLS = re.compile(
    r"\b(?:NEXTVAL|SETVAL|PG_NOTIFY|LO_\w+|PG_TERMINATE_BACKEND|PG_CANCEL_BACKEND) \(", re.I
)
_BEFORE_TABLE = frozenset("FROM JOIN INTO UPDATE TABLE ONLY COPY USING".split())
_COMPARED = frozenset(("=", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "ILIKE"))
_NO_TABLE = frozenset("SELECT LATERAL UNNEST VALUES GENERATE_SERIES IF EXISTS NOT SET ONLY".split())


class Statement(msgspec.Struct, frozen=True):
    """One SQL text, looked into."""

    text: str
    """In one spelling: no comments, one blank between tokens, words in capitals, literals as `?`,
    lists of literals, or of parameters in turn, as one of them."""
    literals: tuple[str, ...]
    """The literals as they were written, in order; those of an IN list sorted."""
    commands: tuple[str, ...]
    """The first word of each statement in it, in capitals."""
    effect: str
    """"read", "write" or "session"; of several statements the strongest."""
    tables: tuple[str, ...]
    """What is named where a table's name stands, in lower case, in order."""
    lists: tuple[tuple[int, ...], ...] = ()
    """The parameters of each IN list whose order says nothing, see `inlists.parameter_lists`."""


@lru_cache(maxsize=8192)
def look(sql: str) -> Statement:
    """The statement, or statements, of a text. Never raises: what is no SQL is looked at as words."""
    if len(sql) > LONGEST:
        return Statement(sql, (), (_first_word(sql),), "write", ())
    words: list[str] = []
    literals: list[str] = []
    found = list(_tokens(sql))
    for kind, text in found:
        if kind in LITERALS:
            words.append("?")
            literals.append(text)
        elif kind == "word":
            words.append(text.upper())
        else:
            words.append(text)
    while words and words[-1] == ";":
        words.pop()
    text = _LISTS.sub(_as_one, _joined(words))
    statements = [part.split(" ") for part in text.split(" ; ")] if text else [[""]]
    effects = [_effect(part) for part in statements]
    return Statement(
        text,
        tuple(map(literals.__getitem__, literal_order(found))),
        tuple(part[0] for part in statements),
        max(effects, key=("session", "read", "write").index),
        tuple(dict.fromkeys(table for part in statements for table in _tables(part))),
        parameter_lists(found),
    )


def _as_one(found: re.Match[str]) -> str:
    """A list by its first item, when that tells the others: `VALUES ($1, $3, $2)` puts values into
    other columns than `VALUES ($1, $2, $3)` does."""
    items = found[2].split(", ")
    first = items[0]
    number = 0 if first == "?" else int(first[1:10])
    told = (f"${number + at}" if number else "?" for at in range(len(items)))
    return f"{found[1]} ({first})" if items == list(told) else found[0]


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of every token that means something."""
    for kind, start, end in tokens(sql):
        yield kind, sql[start:end]


def tokens(sql: str) -> Iterator[tuple[str, int, int]]:
    """(kind, start, end) of every token that means something; kinds are string, parameter, name,
    number, word and sign."""
    position = 0
    while position < len(sql):
        escape = _ESCAPE.match(sql, position) if sql[position] in "eE" else None
        found = escape or _TOKEN.match(sql, position)
        assert found is not None, "any character is a sign"
        kind = "string" if escape else found.lastgroup or "sign"
        start, position = position, found.end()
        if kind == "comment":
            position = _comment_end(sql, position)
        elif kind == "dollar":
            end = sql.find(found[0], position)
            position = len(sql) if end < 0 else end + len(found[0])
            yield "string", start, position
        elif kind != "space":
            yield kind, start, position


def _comment_end(sql: str, position: int) -> int:
    depth = 1
    for found in _NESTED.finditer(sql, position):
        depth += 1 if found[0] == "/*" else -1
        if not depth:
            return found.end()
    return len(sql)


def _joined(words: list[str]) -> str:
    out: list[str] = []
    for word in words:
        if out and not (word in ",)." or out[-1] in ("(", ".")):
            out.append(" ")
        elif word == "." and out[-1:] == [" "]:
            out.pop()
        out.append(word)
    return "".join(out)


def _first_word(sql: str) -> str:
    return next((text.upper() for kind, text in _tokens(sql[:1000]) if kind == "word"), "")


def _effect(words: list[str]) -> str:
    first = words[0].lstrip("(") or (words[1] if len(words) > 1 else "")
    if first in _SESSION or (first == "SELECT" and "PG_ADVISORY_UNLOCK_ALL" in words):
        return "session"
    text = " ".join(words)
    if first == "WITH":
        writes = any(word.lstrip("(") in _WRITING for word in words)
    elif first in _READS:
        writes = "INTO" in words or any(lock in text for lock in _LOCKING)
        writes = writes or (first == "EXPLAIN" and bool(_WRITING & set(words)))
    elif first == "COPY":
        writes = "FROM" in words
    else:
        writes = first != ""
    return "write" if writes or _WRITING_CALLS.search(text) else "read"


def _tables(words: list[str]) -> Iterator[str]:
    for index, word in enumerate(words[:-1]):
        if word.lstrip("(") not in _BEFORE_TABLE or (word == "FROM" and _in_call(words, index)):
            continue
        named = _after(words, index).strip("(),;")
        upper = named.upper()
        if (
            named
            and upper not in _NO_TABLE
            and upper not in _BEFORE_TABLE
            and named[0] not in "?$'"
        ):
            yield named.replace('"', "") if '"' in named else named.lower()


def _after(words: list[str], index: int) -> str:
    """The word after one, past IF NOT EXISTS."""
    rest = iter(words[index + 1 : index + 5])
    return next((word for word in rest if word not in ("IF", "NOT", "EXISTS")), "")


def _in_call(words: list[str], index: int) -> bool:
    """EXTRACT (day FROM x), SUBSTRING (x FROM 2), TRIM (…) name no table after FROM."""
    return any(
        word in ("(EXTRACT", "EXTRACT", "SUBSTRING", "TRIM", "OVERLAY")
        for word in words[max(0, index - 3) : index]
    )


def parameter_names(sql: str) -> tuple[str, ...]:
    """The column that each parameter $1, $2… is compared with or stored in, "" where that is not
    plain from the text: `INSERT INTO t (a, b) VALUES ($1, $2)`, `SET a = $1`, `WHERE a = $1`."""
    return _parameter_names(sql)


@lru_cache(maxsize=8192)
def _parameter_names(sql: str) -> tuple[str, ...]:
    tokens = [text for _, text in _tokens(sql[:LONGEST])]
    found: dict[int, str] = dict(_inserted(tokens))
    for index, one in enumerate(tokens):
        number = _parameter(one)
        if number and number not in found and index > 1 and tokens[index - 1].upper() in _COMPARED:
            found[number] = _column(tokens[index - 2])
    if not found or max(found) > 65535:
        return ()
    return tuple(found.get(number, "") for number in range(1, max(found) + 1))


def _parameter(text: str) -> int:
    return int(text[1:]) if text[0] == "$" and text[1:].isdigit() and len(text) < 7 else 0


def _inserted(tokens: list[str]) -> Iterator[tuple[int, str]]:
    upper = [one.upper() for one in tokens]
    if "INSERT" not in upper or "VALUES" not in upper:
        return
    values = upper.index("VALUES")
    try:
        opening = upper.index("(", upper.index("INSERT"), values)
        closing = upper.index(")", opening, values)
    except ValueError:
        return
    columns = [_column(one) for one in tokens[opening + 1 : closing] if one != ","]
    depth, position = 0, 0
    for one in tokens[values + 1 :]:
        if one == "(":
            depth += 1
            position = 0 if depth == 1 else position
        elif one == ")":
            depth -= 1
        elif one == "," and depth == 1:
            position += 1
        elif depth == 1 and position < len(columns) and _parameter(one):
            yield _parameter(one), columns[position]
        elif depth == 0 and one != ",":
            return


def _column(text: str) -> str:
    if text.startswith('"'):
        return text.strip('"')
    return text.lower() if text[:1].isalpha() or text[:1] == "_" else ""
