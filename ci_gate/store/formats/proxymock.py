"""proxymock's request/response pairs: Markdown (older and newer section names), JSON, JSON lines.

In a Markdown pair the section INTERNAL holds the pair as it was recorded, byte for byte; the
sections before it are for people, who may edit them. So what is shown counts where it differs from
INTERNAL, and INTERNAL does where it only looks different.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from ci_gate.store.formats.documents import Json, Wrong
from ci_gate.store.formats.found import Fault, Item, ReadOptions, Skipped
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.rrpair import Pair, Shown, found
from ci_gate.store.formats.rrpostgres import Statements
from ci_gate.store.formats.source import Source, line_at

_OUTPUT = ".proxymock-output"
"""Marks a folder of results, which is no recording."""
_SECTION = re.compile(r"### ([A-Z][A-Z -]*?)(?: \((?:TEST|MOCK)\))? ###\s*\Z")
_FENCE = "```"
_ARROW = re.compile(rb"### (?:REQUEST|RESPONSE)(?: \((?:TEST|MOCK)\))? ###")
_LINES = ("raw.jsonl",)


def recognises(source: Source) -> bool:
    """Markdown whose first heading is one of theirs, or JSON that says it is a pair."""
    if any(name.rpartition("/")[2] in _LINES for name in source.names):
        return True
    for name in _inputs(source)[:20]:
        head = source.head(name)
        if name.lower().endswith(".md"):
            if _ARROW.match(head.lstrip()):
                return True
        elif b'"msgType"' in head and b'"rrpair"' in head:
            return True
    return False


def read(source: Source, options: ReadOptions) -> Iterator[Item]:
    """Each pair; their order is that of their times, which the files' names have."""
    statements = Statements()
    for name in sorted(_inputs(source), key=lambda name: (name.rpartition("/")[2], name)):
        if _is_output(source, name):
            yield Skipped(source.where(name), "what a replay or a mock has written")
        elif name.lower().endswith(".md"):
            yield from _markdown(source, name, statements)
        elif name.lower().endswith(".jsonl"):
            yield from _lines(source, name, statements)
        else:
            yield from _json(source, name, statements)
    yield from statements.finish()


def _inputs(source: Source) -> list[str]:
    names = [one for one in source.names if not one.startswith(".") and "/." not in one]
    lines = [one for one in names if one.rpartition("/")[2] in _LINES]
    if lines:  # the cloud's form: the others are parts of it
        return lines
    return [one for one in names if one.lower().endswith((".md", ".json"))]


def _is_output(source: Source, name: str) -> bool:
    folder = name.rpartition("/")[0]
    while folder:
        if f"{folder}/{_OUTPUT}" in source.names:
            return True
        folder = folder.rpartition("/")[0]
    return name.startswith("results/")


def _json(source: Source, name: str, statements: Statements) -> Iterator[Item]:
    where = source.where(name)
    try:
        document = Json(source, name)
        if b'"rrpair"' not in document.data:
            return  # a blueprint, a configuration
        yield from found(document.decode(Pair), Shown(), where, statements)
    except Wrong as error:
        yield Fault(error.where, str(error))
    except Bad as error:
        yield Fault(where, str(error))


def _lines(source: Source, name: str, statements: Statements) -> Iterator[Item]:
    rest = b""
    number = 0
    for chunk in source.chunks(name):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number += 1
            yield from _line(line, source.where(name, number), statements)
    if rest.strip():
        yield from _line(rest, source.where(name, number + 1), statements)


def _line(line: bytes, where: str, statements: Statements) -> Iterator[Item]:
    if not line.strip():
        return
    try:
        yield from found(msgspec.json.decode(line, type=Pair), Shown(), where, statements)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Fault(where, f"not a pair: {error}")
    except Bad as error:
        yield Fault(where, str(error))


def _markdown(source: Source, name: str, statements: Statements) -> Iterator[Item]:
    data = source.read(name)
    where = source.where(name)
    if not _ARROW.match(data.lstrip()):
        return  # a README
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        yield Fault(source.where(name, line_at(data, error.start)), "not UTF-8 text")
        return
    sections = _sections(text)
    pair = Pair()
    internal = sections.get("INTERNAL - DO NOT MODIFY", [])
    for line in "\n".join(internal[:1]).splitlines():
        if line.startswith("json:"):
            try:
                pair = msgspec.json.decode(line[5:], type=Pair)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                at = line_at(data, max(data.find(b"json:"), 0))
                yield Fault(source.where(name, at), f"INTERNAL: {error}")
                return
    try:
        yield from found(pair, _shown(sections), where, statements)
    except Bad as error:
        yield Fault(where, str(error))


def _sections(text: str) -> dict[str, list[str]]:
    """The fenced blocks below each heading. A body may hold a fence of its own: then INTERNAL is
    what is left to go by, and it is one line."""
    found: dict[str, list[str]] = {}
    name = ""
    block: list[str] | None = None
    for line in text.split("\n"):
        heading = _SECTION.match(line)
        if heading and (block is None or line.startswith("### INTERNAL")):
            name, block = heading[1], None
            found.setdefault(name, [])
        elif line.rstrip("\r") == _FENCE:
            if block is None:
                block = []
            else:
                found.setdefault(name, []).append("\n".join(block))
                block = None
        elif block is not None:
            block.append(line)
    return found


def _shown(sections: dict[str, list[str]]) -> Shown:
    asked, answered = sections.get("REQUEST", []), sections.get("RESPONSE", [])
    metadata: dict[str, str] = {}
    for line in "\n".join(sections.get("METADATA", [])).splitlines():
        key, colon, value = line.partition(":")
        if colon:
            metadata[key.strip()] = value.strip()
    return Shown(
        request=asked[0] if asked else None,
        request_body=asked[1] if len(asked) > 1 else None,
        response=answered[0] if answered else None,
        response_body=answered[1] if len(answered) > 1 else None,
        metadata=metadata,
    )
