"""JSON and YAML of strangers: typed, bounded, every error with its file and line."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec
import yaml

from ci_gate.store.formats.source import Source, line_at

DEEPEST = 60
"""Levels of a YAML document."""
T = TypeVar("T")
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|["{}\[\]]', re.DOTALL)
"""A string of JSON, the quote of one without an end, or a bracket."""
_BYTE = re.compile(r"\(byte (\d+)\)")
_NOTHING = frozenset(("", "~", "null", "Null", "NULL"))


class Wrong(Exception):
    """Not what the format says; `where` is file and line."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(why)
        self.where = where


class Json:
    """One JSON file."""

    def __init__(self, source: Source, name: str) -> None:
        self._source = source
        self._name = name
        self.data = source.read(name)

    def decode(self, as_type: type[T]) -> T:
        """The whole document. Raises Wrong."""
        try:
            return msgspec.json.decode(self.data, type=as_type)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise self._wrong(error, 0) from error

    def decode_part(self, raw: msgspec.Raw, as_type: type[T]) -> T:
        """One part of it. Raises Wrong."""
        try:
            return msgspec.json.decode(raw, type=as_type)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise self._wrong(error, self._offset(raw)) from error

    def whole_items(self, name: str) -> list[msgspec.Raw]:
        """Of a document that is broken or cut off, the objects that are whole, as far as brackets
        tell, in the first list of this name."""
        found = re.search(rb'"' + name.encode() + rb'"[ \t\r\n]*:[ \t\r\n]*\[', self.data)
        items: list[msgspec.Raw] = []
        depth, begin = 0, 0
        for token in _TOKEN.finditer(self.data, found.end() if found else len(self.data)):
            sign = self.data[token.start() : token.start() + 1]
            if sign in (b"{", b"["):
                begin = begin if depth else token.start()
                depth += 1
            elif token.end() == token.start() + 1:
                if sign == b'"':
                    break
                depth -= 1
                if depth < 0 or (not depth and self.data[begin] + 2 != sign[0]):
                    break  # brackets of ASCII are two apart
                if not depth:
                    items.append(msgspec.Raw(self.data[begin : token.end()]))
        return items

    def lines(self, parts: Iterable[msgspec.Raw]) -> Iterator[int]:
        """The line of each of many parts, which come in the order of the document."""
        line = counted = after = 0
        for raw in parts:
            found = max(self.data.find(bytes(raw), after), after)
            line, counted = line + self.data.count(b"\n", counted, found), found
            after = found + len(bytes(raw))
            yield line + 1

    def where(self, raw: msgspec.Raw) -> str:
        """File and line of a part."""
        return self.at_line(line_at(self.data, self._offset(raw)))

    def at_line(self, line: int) -> str:
        """File and line."""
        return self._source.where(self._name, line)

    def _offset(self, raw: msgspec.Raw) -> int:
        return max(self.data.find(bytes(raw)), 0)

    def _wrong(self, error: Exception, offset: int) -> Wrong:
        found = _BYTE.search(str(error))
        at = int(found[1]) if found else 0
        if "truncated" in str(error):
            at = len(self.data)
        line = line_at(self.data, offset + at)
        text = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Wrong(self._source.where(self._name, line), text)


class Yaml:
    """The documents of one YAML file: mappings and lists of text, every scalar as it is written,
    `!!binary` as bytes, null as None. Aliases are refused: a few lines of them fill any memory."""

    def __init__(self, source: Source, name: str) -> None:
        self._source = source
        self._name = name

    def documents(self) -> Iterator[tuple[int, Any]]:
        """Line and content of each. Raises Wrong."""
        data = self._source.read(self._name)
        try:
            events = yaml.parse(data, Loader=yaml.CSafeLoader)
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    mark = event.start_mark
                    line = mark.line + 1 if mark is not None else 0
                    yield line, self._value(next(events), events, 0)
        except yaml.YAMLError as error:
            problem: Any = getattr(error, "problem_mark", None)
            line = problem.line + 1 if problem is not None else 0
            text = getattr(error, "problem", None) or "not YAML"
            raise Wrong(self._source.where(self._name, line), str(text)) from error
        except (UnicodeDecodeError, ValueError) as error:
            raise Wrong(self._source.where(self._name), "not UTF-8 text") from error

    def _value(self, event: Any, events: Iterator[Any], depth: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise Wrong(self._source.where(self._name, line), "an alias; write it out")
        if depth >= DEEPEST:
            raise Wrong(self._source.where(self._name, line), "nested too deeply")
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                items.append(self._value(event, events, depth + 1))
            return items
        found: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._value(event, events, depth + 1)
            if not isinstance(key, str):
                raise Wrong(self._source.where(self._name, line), "a key that is no text")
            found[key] = self._value(next(events), events, depth + 1)
        return found

    def _scalar(self, event: Any) -> Any:
        if event.tag and event.tag.endswith(":binary"):
            try:
                return b64decode(event.value)
            except (binascii.Error, ValueError) as error:
                where = self._source.where(self._name, event.start_mark.line + 1)
                raise Wrong(where, "!!binary that is no base64") from error
        plain = event.implicit[0] and not event.style
        return None if plain and event.value in _NOTHING else event.value
