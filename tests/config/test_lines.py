"""The YAML reader: what scalars mean, which lines it remembers, what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.config.lines import MAX_TEXT, Path, read_lines
from ci_gate.errors import UsageError


def read(text: str, textual: Path = ("no",)) -> object:
    """The data of a text; scalars at `textual` stay as written."""
    return read_lines(text, "f.yml", lambda path: path == textual).data


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("true", True),
        ("FALSE", False),
        ("010", 10),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", "1e3"),
        ("12:30", "12:30"),
        ("2027-06-30", "2027-06-30"),
        ("~", None),
        ("'1'", "1"),
        ("9" * 30, "9" * 30),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, data: object) -> None:
    """No word but true and false is a boolean, dates and clock times are text."""
    assert read(text) == data


def test_textual_places_keep_what_is_written() -> None:
    """A scalar where text is wanted is not read as a number first."""
    assert read("v: 1.10", ("v",)) == {"v": "1.10"}


def test_lines_of_keys_and_items() -> None:
    """Every key and item has its line, and what is missing that of the place above it."""
    document = read_lines("a:\n  b: 1\nc:\n- x\n- y\n", "f.yml", lambda _: False)
    assert document.line(("a", "b")) == 2
    assert document.line(("c", 1)) == 5
    assert document.line(("a", "missing", "deeper")) == 1
    assert document.line(()) == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\na: 2", "f.yml:2: a is given twice; it is already on line 1"),
        ("a:\n  <<: {b: 1}", "f.yml:2: merge keys (<<) are not supported; write the keys out"),
        ("a: !!python/name:os.system x", "f.yml:1: the tag python/name:os.system"),
        ("a: !own x", "f.yml:1: the tag !own is not supported here"),
        ("[a]: b", "f.yml:1: a key must be a plain word"),
        ("a: &x [*x]", "f.yml:1: nested too deeply"),
        ("[" * 5000, "f.yml"),
        ("a: b: c", "f.yml:1: not valid YAML: mapping values are not allowed here"),
        ("a: 1\n--- \nb: 2", "f.yml:2: not valid YAML"),
        ('a: "\\ud800"', "f.yml:1: a half of a surrogate pair"),
        ('a: "\\UFFFFFFFF"', "f.yml: not valid YAML"),
        ("a: \x00", "f.yml: not valid YAML"),
        ("x" * (MAX_TEXT + 1), "f.yml: larger than 1,000,000 characters"),
    ],
)
def test_refusals_name_the_line(text: str, complaint: str) -> None:
    """What is no configuration is refused with file and line, never with a traceback."""
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value).startswith(complaint)


def test_aliases_cannot_blow_it_up() -> None:
    """A few lines of aliases that stand for millions of values are refused."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(UsageError, match="more than 50,000 values"):
        read("\n".join(lines))


_YAML = st.text(
    alphabet=st.sampled_from("ab:-[]{},&*!|>'\"\\#%@` \n\t0.~?\u2028é\x07"), max_size=60
)


@given(st.one_of(_YAML, st.text(max_size=80)))
def test_any_text_is_data_or_a_usage_error(text: str) -> None:
    """Whatever the text, the reader returns data or raises UsageError."""
    try:
        read(text)
    except UsageError as error:
        assert str(error).startswith("f.yml")  # noqa: PT017 - either outcome is right
