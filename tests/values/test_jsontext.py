"""JSON with positions, against the standard parser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ci_gate
from ci_gate.values.jsontext import DEPTH, is_number, json_leaves, step, string_lexeme

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def scalars(value: object) -> list[object]:
    """The scalars of a parsed document in order."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in scalars(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in scalars(inner)]
    return [value]


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_same_scalars_as_the_standard_parser(
    document: object, ascii_only: bool, indent: int
) -> None:
    """Every scalar is found in order, with the value the standard parser gives it."""
    data = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")
    leaves = json_leaves(data)
    assert leaves is not None
    assert [leaf.value for leaf in leaves] == scalars(json.loads(data))
    assert all(json.loads(data[leaf.start : leaf.end]) == leaf.value for leaf in leaves)


@given(st.text(alphabet='{}[]:,"\\ae1.0-+ u\n', max_size=30))
def test_accepts_what_the_standard_parser_accepts(text: str) -> None:
    """Broken JSON is refused, and nothing that is JSON is."""
    try:
        json.loads(text, parse_constant=lambda name: 1 / 0)
    except ValueError:
        assert json_leaves(text.encode()) is None
    else:
        assert json_leaves(text.encode()) is not None


@given(DOCUMENTS, st.data())
def test_spans_only_leave_out(document: object, data: st.DataObject) -> None:
    """With spans every scalar they touch is found, and none that is not there."""
    text = json.dumps(document).encode()
    everything = json_leaves(text)
    assert everything is not None
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    spans = [(start, start + 1) for start in cuts]
    some = json_leaves(text, spans=spans)
    assert some is not None
    assert set(map(repr, some)) <= set(map(repr, everything))
    touched = [
        x for x in everything if any(x.start < end and start < x.end for start, end in spans)
    ]
    assert set(map(repr, touched)) <= set(map(repr, some))


@pytest.mark.parametrize("sign", ["[", '{"a":'])
def test_depth_is_limited(sign: str) -> None:
    """Deep nesting is not JSON to us, whatever its depth, and never a recursion error."""
    close = {"[": "]", '{"a":': "}"}[sign]
    assert json_leaves((sign * DEPTH + "1" + close * DEPTH).encode()) is not None
    assert json_leaves((sign * (DEPTH + 1) + "1" + close * (DEPTH + 1)).encode()) is None
    assert json_leaves((sign * 100_000).encode()) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"NaN",
        b"01",
        b"1 2",
        b"[1,]",
        b'{"a":1,}',
        b"[1}",
        b'"\x01"',
        b'"\xff"',
        b"1" * 500,
    ],
)
def test_not_json(data: bytes) -> None:
    """What RFC 8259 refuses, invalid UTF-8 and absurd numbers are not JSON."""
    assert json_leaves(data) is None


def test_places_name_keys_and_indices() -> None:
    """Plain keys are written with a dot, others quoted; duplicates are all there."""
    leaves = json_leaves(b'\xef\xbb\xbf{"a":[1,{"b c":2}],"a":3,"":4,"x-y":5,"\\ud800":6}')
    assert leaves is not None
    assert [leaf.place for leaf in leaves] == [
        "$.a[0]",
        '$.a[1]["b c"]',
        "$.a",
        '$[""]',
        "$.x-y",
        '$["\\ud800"]',
    ]
    assert [leaf.key for leaf in leaves][:3] == ["a", "b c", "a"]


@given(st.text())
def test_steps_are_text_that_can_be_written(name: str) -> None:
    """A step of a place can be encoded, whatever the key was."""
    assert step(name).encode()


@given(st.text(), st.sampled_from([b'"a"', '"ü"'.encode(), b'"a\\/b"']))
def test_string_lexemes_are_read_back(text: str, like: bytes) -> None:
    """A text written as a JSON string is that text again."""
    lexeme = string_lexeme(text, like)
    assert json.loads(lexeme) == text
    assert not like.isascii() or lexeme.isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", True), ("-0.5e10", True), ("01", False), ("x", False), ("1 ", False), ("٣", False)],
)
def test_is_number(text: str, expected: bool) -> None:
    """Only a JSON number as it stands counts as one."""
    assert is_number(text) is expected


def test_no_group_is_possessive() -> None:
    """Python before 3.11.5 reads such a group wrongly: what is JSON would be none."""
    top = Path(ci_gate.__file__).parent
    found = [
        path.name
        for path in top.rglob("*.py")
        if re.search(r"[^(]\)(?:[*+?]|\{[0-9,]+\})\+[^'\"]*['\"]", path.read_text(encoding="utf-8"))
    ]
    assert found == []
