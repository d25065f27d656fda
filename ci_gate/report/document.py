"""result.json: the document everything else is rendered from, written, checked and read back."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ci_gate.errors import UsageError
from ci_gate.model.difference import Cause
from ci_gate.model.result import RESULT_FORMAT, Result
from ci_gate.report.text import visible

LIMIT = 5_000_000
"""Bytes of a result.json, written or read."""
DEPTH = 12
"""Nesting of a result.json; the deepest place of ours is a difference in a cause."""

SCHEMA_ID = "result-1.schema.json"

_NUMBER_OR_WORD = re.compile(rb'[^\[\]{}"\\]+')
_NO_COUNT = re.compile(rb"[0-9]{20}|[eE]\+?[0-9]{3}")
"""In a number: more than anybody counts, measures, or could be shown in a table."""


class _Head(msgspec.Struct):
    """What is read first, so that a newer document is named as such."""

    format: int = 0


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of result.json, as published in result-1.schema.json."""
    made = msgspec.json.schema(Result)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "ci-gate result, version 1",
        **made,
    }


def encode(result: Result) -> bytes:
    """`result` as JSON, the same bytes for the same result, at most 5 MB.

    What is too long is shortened in a fixed order (examples, excused, ids of exchanges, causes),
    and a notice says so: the verdict and the figures are never touched.
    """
    data = _json(result)
    for shorter in (_fewer_examples, _no_excused, _fewer_exchanges, _fewer_causes):
        if len(data) <= LIMIT:
            break
        result = shorter(result)
        data = _json(_noted(result))
    return data


def decode(data: bytes) -> Result:
    """Read a result.json, which may come from an untrusted run.

    Raises UsageError naming what is wrong: more than 5 MB, nested too deep, a number beyond all
    counting, not JSON, of another version, a key that is not ours, a value of the wrong type.
    """
    if len(data) > LIMIT:
        raise UsageError(f"result.json has {len(data):,} bytes, at most {LIMIT:,} are read")
    _check_shape(data)
    try:
        version = msgspec.json.decode(data, type=_Head).format
        if version != RESULT_FORMAT:
            raise UsageError(
                f"result.json has format {version}, this ci-gate reads format {RESULT_FORMAT}: "
                "use the ci-gate that made it, or make it again"
            )
        return msgspec.json.decode(data, type=Result, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"result.json cannot be read: {error}") from error


def _json(result: Result) -> bytes:
    """Compact JSON with sorted maps and a newline at the end."""
    try:
        return msgspec.json.encode(result, order="deterministic") + b"\n"
    except UnicodeEncodeError:
        # Half of a surrogate pair somewhere in a text: UTF-8 has no bytes for it.
        plain = _visible(msgspec.to_builtins(result))
        return msgspec.json.encode(msgspec.convert(plain, Result), order="deterministic") + b"\n"


def _visible(value: Any) -> Any:
    """Every text in `value` with unencodable characters as escapes."""
    if isinstance(value, str):
        return value if value.isascii() else _encodable(value)
    if isinstance(value, dict):
        return {_visible(key): _visible(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_visible(item) for item in value]
    return value


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return visible(text)
    return text


def _check_shape(data: bytes) -> None:
    """Raise UsageError when arrays and objects nest deeper, or a number is larger, than in any
    document of ours."""
    depth, quoted, at = 0, False, 0
    while at < len(data):
        char = data[at]
        if quoted:
            # On to the end of the string in one step.
            end = data.find(b'"', at)
            if end < 0:
                return
            slash = data.find(b"\\", at, end)
            at, quoted = (slash + 2, True) if slash >= 0 else (end + 1, False)
            continue
        if char == 0x22:
            quoted = True
        elif char in b"[{":
            depth += 1
            if depth > DEPTH:
                raise UsageError(f"result.json nests deeper than {DEPTH} levels: not one of ours")
        elif char in b"]}":
            depth -= 1
        else:
            found = _NUMBER_OR_WORD.match(data, at)
            if found and _NO_COUNT.search(found[0]):
                raise UsageError("result.json has a number that is none of ours: too large")
            at = found.end() if found else at + 1
            continue
        at += 1


def _noted(result: Result) -> Result:
    text = f"shortened to {LIMIT:,} bytes: some examples or exchanges of causes are not listed"
    return msgspec.structs.replace(result, notices=(*result.notices, text))


def _fewer_examples(result: Result) -> Result:
    """One example a cause, its texts cut to 2,000 characters."""
    return msgspec.structs.replace(result, causes=tuple(_small(one) for one in result.causes))


def _small(cause: Cause) -> Cause:
    examples = tuple(
        msgspec.structs.replace(
            one,
            expected=one.expected[:2000],
            actual=one.actual[:2000],
            detail=one.detail[:2000],
        )
        for one in cause.examples[:1]
    )
    return msgspec.structs.replace(cause, examples=examples)


def _no_excused(result: Result) -> Result:
    return msgspec.structs.replace(result, excused=())


def _fewer_exchanges(result: Result) -> Result:
    """At most 100 exchange ids a cause."""
    causes = tuple(
        msgspec.structs.replace(one, exchanges=one.exchanges[:100]) for one in result.causes
    )
    return msgspec.structs.replace(result, causes=causes)


def _fewer_causes(result: Result) -> Result:
    """The 500 most important causes."""
    return msgspec.structs.replace(result, causes=result.causes[:500])
