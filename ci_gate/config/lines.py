"""YAML text -> plain data, and the line every place of it came from.

Scalars mean what YAML 1.2 says: only `true` and `false` are booleans, dates stay text, `010` is
ten. A configuration is nobody's program: no tags, no merge keys, no second document, and limits
on depth and size, so that aliases cannot blow it up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import msgspec
import yaml

from ci_gate.errors import UsageError

Data: TypeAlias = "bool | int | float | str | list[Data] | dict[str, Data] | None"
Path = tuple[str | int, ...]
"""Keys and 0-based list positions from the top of the document."""

MAX_TEXT = 1_000_000
MAX_DEPTH = 24
MAX_NODES = 50_000

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,3})?\Z")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(
    _CORE + name for name in ("bool", "float", "int", "map", "null", "seq", "str", "timestamp")
)


class Document(msgspec.Struct, frozen=True):
    """What a text says: `data`, and the 1-based line of every key and list item."""

    data: Data
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest place above it that the text has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_lines(text: str, name: str, textual: Callable[[Path], bool]) -> Document:
    """Read one YAML document; scalars at paths for which `textual` holds stay as written.

    Raises UsageError naming `name` and the line.
    """
    if len(text) > MAX_TEXT:
        raise UsageError(f"{name}: larger than {MAX_TEXT:,} characters; this is no configuration")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UsageError(
            f"{name}:{line}: not valid YAML: {error.problem or error.context}"
        ) from error
    except yaml.YAMLError as error:
        reason = getattr(error, "reason", "") or "unreadable characters"
        raise UsageError(f"{name}: not valid YAML: {reason}") from error
    except RecursionError as error:
        raise UsageError(f"{name}: nested too deeply") from error
    except (ValueError, OverflowError) as error:
        # PyYAML lets escapes such as "\U00FFFFFF" through to chr().
        raise UsageError(f"{name}: not valid YAML: {error}") from error
    reader = _Reader(name, textual)
    data = reader.data(root, ()) if root is not None else None
    return Document(data, reader.lines)


class _Reader:
    """Turns nodes into data, counting as it goes."""

    def __init__(self, name: str, textual: Callable[[Path], bool]) -> None:
        self.name = name
        self.textual = textual
        self.lines: dict[Path, int] = {}
        self.nodes = 0

    def data(self, node: yaml.Node, path: Path) -> Data:
        self.nodes += 1
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if self.nodes > MAX_NODES:
            raise self.error(line, f"more than {MAX_NODES:,} values; are aliases repeated?")
        if len(path) > MAX_DEPTH:
            raise self.error(line, "nested too deeply")
        if node.tag not in _TAGS:
            raise self.error(line, f"the tag {node.tag.removeprefix(_CORE)} is not supported here")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.data(item, (*path, i)) for i, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        text = self.text(node)
        return text if node.style or self.textual(path) else _plain(text)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Data]:
        result: dict[str, Data] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.error(line, "a key must be a plain word")
            key = self.text(key_node)
            if key == "<<" and not key_node.style:
                raise self.error(line, "merge keys (<<) are not supported; write the keys out")
            if key in result:
                first = self.lines[(*path, key)]
                raise self.error(line, f"{key} is given twice; it is already on line {first}")
            self.lines[(*path, key)] = line
            result[key] = self.data(value_node, (*path, key))
        return result

    def text(self, node: yaml.Node) -> str:
        text = str(node.value)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            line = node.start_mark.line + 1
            raise self.error(line, "a half of a surrogate pair is not a character") from error
        return text

    def error(self, line: int, text: str) -> UsageError:
        return UsageError(f"{self.name}:{line}: {text}")


def _plain(text: str) -> Data:
    """What an unquoted scalar means in YAML 1.2's core schema."""
    if text in _NULLS:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else text
