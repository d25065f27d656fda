"""result.json: written, published as a schema, read back with suspicion."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import ci_gate.report
from ci_gate.errors import UsageError
from ci_gate.model.difference import Cause, Difference
from ci_gate.model.result import Counts, Result, Run
from ci_gate.report.document import LIMIT, SCHEMA_ID, decode, encode, schema

PUBLISHED = Path(ci_gate.report.__file__).parent / SCHEMA_ID


def small(**fields: Any) -> Result:
    """A failed result with `fields`."""
    base = msgspec.convert(
        {"service": "s", "verdict": {"outcome": "fail"}, "environment": {"version": "1"}}, Result
    )
    return replace(base, **fields)


def test_published_schema_is_that_of_the_code(request: pytest.FixtureRequest) -> None:
    """The schema file in the package is generated from the types, and so never out of date."""
    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    if request.config.getoption("--update-golden"):
        PUBLISHED.write_text(text, encoding="utf-8")
    assert PUBLISHED.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", ["pass", "fail", "inconclusive"])
def test_what_is_written_is_read_back(name: str, results: dict[str, Result]) -> None:
    """A result survives being written, is valid by the schema and the same bytes every time."""
    data = encode(results[name])
    assert decode(data) == results[name]
    assert encode(decode(data)) == data
    jsonschema.Draft202012Validator(schema()).validate(json.loads(data))


def test_maps_are_sorted() -> None:
    """Two results that differ in the order of their latencies only are the same bytes."""
    one = Run(counts=Counts(), latencies={"b": (1,), "a": (2,)})
    other = Run(counts=Counts(), latencies={"a": (2,), "b": (1,)})
    made = [encode(small(runs=(run,))) for run in (one, other)]
    assert made[0] == made[1]


def test_broken_text_is_written_visibly(
    results: dict[str, Result], hostile: Callable[[tuple[str, ...]], Result]
) -> None:
    """Half of a surrogate pair, which UTF-8 cannot carry, becomes an escape and not a crash."""
    assert decode(encode(results["hostile"])).verdict.outcome == "fail"
    assert decode(encode(hostile(("a\ud800b",)))).service == "a\\ud800b"


def test_too_long_a_result_is_shortened() -> None:
    """A result never exceeds what is read back; verdict and figures stay, and a notice says so."""
    example = Difference(change="body", expected="x" * 9000, actual="y" * 9000)
    cause = Cause(
        id="C1",
        title="t",
        change="body",
        routes=("GET /",),
        exchanges=tuple(f"{number:010d}-1" for number in range(10_000)),
        examples=(example,) * 3,
    )
    data = encode(small(causes=(cause,) * 700, excused=(example,) * 50))
    assert len(data) <= LIMIT
    read = decode(data)
    assert read.verdict.outcome == "fail"
    assert len(read.causes) >= 500
    assert any("shortened" in text for text in read.notices)


def changed(**fields: Any) -> bytes:
    """A small result with some fields of the JSON replaced."""
    return json.dumps({**json.loads(encode(small())), **fields}).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"[1]", "cannot be read"),
        (b"{}", "format 0"),
        (changed(format=2), "format 2"),
        (changed(format=2, service=7), "format 2"),
        (changed(colour="red"), "colour"),
        (changed(service=7), "service"),
        (changed(verdict={"outcome": "maybe"}), "outcome"),
        (changed(verdict={"outcome": "pass", "secret": 1}), "secret"),
        (b" " * (LIMIT + 1), "at most"),
        (b'{"a":' * 10_000, "deeper"),
        (b"[" * 10_000, "deeper"),
    ],
)
def test_bad_documents_are_refused(data: bytes, reason: str) -> None:
    """What is not a result is a usage error that says why."""
    with pytest.raises(UsageError, match=reason):
        decode(data)


def test_brackets_in_texts_are_not_nesting() -> None:
    """Depth counts arrays and objects, not brackets, quotes and backslashes inside texts."""
    text = '[{"' * 50 + "\\" * 7
    assert decode(encode(small(notices=(text,)))).notices == (text,)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text('{}[]"\\,:1 ', max_size=60).map(str.encode))
def test_any_bytes_are_a_result_or_a_usage_error(data: bytes) -> None:
    """No bytes make anything but a result or a usage error."""
    with pytest.raises(UsageError):
        decode(data)
