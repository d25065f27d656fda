"""Values as text for people: readable, masked, bounded."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.jsonvalue import decode
from ci_gate.diff.render import LIMIT, clean, lexeme, scalar, type_name


def test_json_is_written_as_json() -> None:
    """Numbers keep their spelling, texts their quotes."""
    value = decode(b'{"a": [1.50, 1e3, true, null, "x"], "b": {}}')
    assert lexeme(value) == '{"a": [1.50, 1e3, true, null, "x"], "b": {}}'


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i)
    )
)
def test_anything_is_bounded_and_encodable(value: object) -> None:
    """No value makes a text that is too long or cannot be written."""
    text = lexeme(decode(json.dumps(value).encode()))
    assert len(text) <= LIMIT
    assert text.encode()


def test_secrets_are_masked_before_cutting() -> None:
    """A secret at the edge of what is shown is not half shown."""
    secret = "carol.jones@acme-corp.com"
    for before in (0, LIMIT - 5, 8 * 1024 - 10):
        text = clean("word " * (before // 5) + secret + " tail" * 4000)
        assert "jones" not in text
        assert "carol" not in text
        assert len(text) <= LIMIT


def test_long_word_is_not_shown_in_part() -> None:
    """A text of one endless word, of which nothing is known, is left out rather than halved."""
    assert clean("k" * 9000) == "…"


def test_types_and_scalars() -> None:
    """Decoded values have their JSON type's name and the value that kinds are judged by."""
    one, text, flag, nothing, many, members = decode(b'[7, "7", true, null, [], {}]')
    assert [type_name(v) for v in (one, text, flag, nothing, many, members)] == [
        "number", "string", "boolean", "null", "array", "object",
    ]  # fmt: skip
    assert (scalar(one), scalar(text), scalar(flag), scalar(nothing)) == (7, "7", True, None)
    assert scalar(decode(b"1.5")) == 1.5
    assert scalar(decode(b"9" * 5000)) == float("inf")
