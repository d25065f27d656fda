"""JSON bodies as readable JSON."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.store.styles import from_json, to_json
from tests.store.strategies import documents, json_bodies


@pytest.mark.parametrize(
    ("body", "style"),
    [
        (b'{"a":1,"b":[1,{}]}', ""),
        (b'{"a": 1, "b": [1, {}]}', "spaced"),
        (b'{\n  "a": 1\n}\n', "indent2 newline"),
        (b'{\n    "a": [\n        []\n    ]\n}', "indent4"),
        (b'{\n\t"a": [\n\t\t1\n\t]\n}', "tab"),
        (b'{"a":"\\u00e9\\ud83d\\ude00"}', "ascii"),
        ('{"a":"é"}'.encode(), ""),
        (b'{"a":"\\u003cb\\u003e \\u0026 \\u2028"}\n', "html newline"),
        (b'["\\u003c\\u00e9"]', "ascii html"),
    ],
)
def test_known_styles(body: bytes, style: str) -> None:
    """Each known style is recognised by name and gives the exact bytes back."""
    found = to_json(body)
    assert found is not None
    assert found[1] == style
    assert from_json(*found) == body


@pytest.mark.parametrize(
    "lexeme",
    [
        b"1.0",
        b"1e5",
        b"1E+5",
        b"-0",
        b"-0.0",
        b"9" * 400,
        b"1" * 5000,
        b"0.10",
        b'"\\/"',
        b'"\\u00E9"',
    ],
)
def test_lexemes_are_kept(lexeme: bytes) -> None:
    """Numbers and escapes come back as they were spelled, however unusual."""
    body = b'{"n":' + lexeme + b"}"
    found = to_json(body)
    assert found is not None
    assert lexeme in found[0]
    assert from_json(*found) == body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"17",
        b'"text"',
        b'{"a":1,"a":2}',
        b'{"b":[{"a":1,"a":1}]}',
        b'{"a" : 1}',
        b'{"a":1,"b": 2}',
        b"[ ]",
        b"[1,]",
        b"[NaN]",
        b'["\xff"]',
        b'["\\ud800"]',
        b'["\x01"]',
        b"[1]\n\n",
        b"[1]\r\n",
        b"[" * 5000 + b"]" * 5000,
    ],
)
def test_not_reproducible(body: bytes) -> None:
    """What is not a JSON object or array, repeats a key or follows no known style is refused."""
    assert to_json(body) is None


almost_json = st.lists(
    st.sampled_from(
        ["{", "}", "[", "]", ",", ":", '"', "\\", "u00e9", "ud83d", "udc00", "1", "n", " ", "\n"]
    ),
    max_size=14,
).map(lambda signs: "".join(signs).encode())


@given(st.one_of(json_bodies(), almost_json, almost_json.map(lambda inner: b'["' + inner + b'"]')))
def test_exact_or_refused(body: bytes) -> None:
    """Whatever the body: it is refused, or its exact bytes come back, from valid JSON."""
    found = to_json(body)
    if found is None:
        return
    assert from_json(*found) == body
    assert json.loads(found[0]) == json.loads(body)


@given(documents, st.sampled_from([None, 2, 4, "\t"]), st.booleans())
def test_python_writes_known_styles(
    document: object, indent: int | str | None, ascii: bool
) -> None:
    """Everything Python's own json module writes in its usual styles is shown as JSON."""
    assert to_json(json.dumps(document, indent=indent, ensure_ascii=ascii).encode()) is not None


@given(json_bodies(), st.sampled_from([-1, 0, 1, 3]))
def test_indentation_on_disk_is_free(body: bytes, indent: int) -> None:
    """A snapshot file that was indented anew by an editor still gives the same body."""
    found = to_json(body)
    assert found is not None
    text, style = found
    lines = msgspec.json.format(text, indent=indent)
    assert from_json(lines, style) == body


def test_unknown_style() -> None:
    """A style this version does not know is an error that names the known ones."""
    with pytest.raises(ValueError, match="spaced, indent2, indent4, tab, ascii, html, newline"):
        from_json(b"{}", "spaced wavy")
