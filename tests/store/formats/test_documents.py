"""JSON and YAML of strangers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.store.formats.documents import Json, Wrong, Yaml
from ci_gate.store.formats.source import Source


def documents(folder: Path, text: str) -> list[tuple[int, Any]]:
    """The documents of a YAML file."""
    (folder / "x.yaml").write_text(text)
    return list(Yaml(Source(str(folder / "x.yaml")), "x.yaml").documents())


def test_scalars_stay_as_written(tmp_path: Path) -> None:
    """No timestamp, number or boolean is guessed; binary and null are what they are."""
    text = (
        "a: 2026-01-02T03:04:05.123456789Z\nb: yes\nc: !!binary AP8=\nd: null\ne: 'null'\nf: [1]\n"
    )
    ((line, found),) = documents(tmp_path, text)
    assert line == 1
    assert found["a"] == "2026-01-02T03:04:05.123456789Z"
    assert (found["b"], found["c"], found["d"], found["e"]) == ("yes", b"\x00\xff", None, "null")
    assert found["f"] == ["1"]


def test_several_documents(tmp_path: Path) -> None:
    """Each with its line."""
    assert [line for line, _ in documents(tmp_path, "a: 1\n---\nb: 2\n---\n- c\n")] == [1, 2, 4]


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: &x 1\nb: *x\n", 2), ("a: 1\nb: [\n", 3), ("[" * 100, 1), ("a:\n  ? [1]\n  : 2\n", 2)],
)
def test_what_is_refused(tmp_path: Path, text: str, line: int) -> None:
    """Aliases, torn documents, depth, odd keys: with file and line."""
    with pytest.raises(Wrong) as wrong:
        documents(tmp_path, text)
    assert wrong.value.where == f"{tmp_path}/x.yaml:{line}"


def test_json_names_the_line(tmp_path: Path) -> None:
    """The line of what is wrong, not of the document."""
    (tmp_path / "x.json").write_text('{"a":\n\n 1, }')
    with pytest.raises(Wrong) as wrong:
        Json(Source(str(tmp_path / "x.json")), "x.json").decode(dict)
    assert wrong.value.where == f"{tmp_path}/x.json:3"


def test_lines_of_many_parts(tmp_path: Path) -> None:
    """Each where it stands, equal ones too."""
    (tmp_path / "x.json").write_text('[{"a": 1},\n {"a": 1},\n\n {"b": 2}]')
    document = Json(Source(str(tmp_path / "x.json")), "x.json")
    assert list(document.lines(document.decode(list[msgspec.Raw]))) == [1, 2, 4]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ('{"x": [{"a": "]}\\""}, {"b": [1]}, {"c": "', ['{"a": "]}\\""}', '{"b": [1]}']),
        ('{"x" : [{"a": 1}], "y": [{"b": 1}]', ['{"a": 1}']),
        ('{"x": [{"a": 1}, {"b"]], {"c": 1}]', ['{"a": 1}']),
        ('{"x": [{"a": 1}, {"b": "' + '\\"{}' * 100_000, ['{"a": 1}']),
        *(('{"y": [{"a": 1}]', []), ('{"x": {"a": 1', []), ('{"x": [', [])),
    ],
)
def test_what_is_whole(tmp_path: Path, text: str, whole: list[str]) -> None:
    """Of a document that is cut off, what came before the end."""
    (tmp_path / "x.json").write_text(text)
    document = Json(Source(str(tmp_path / "x.json")), "x.json")
    assert [bytes(one).decode() for one in document.whole_items("x")] == whole
