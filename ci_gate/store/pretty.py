"""JSON for `git diff`: two spaces, one field or item a line, tuples on one line. Pure."""

from __future__ import annotations

import msgspec

_encode = msgspec.json.Encoder().encode


def pretty(value: object, pad: bytes = b"") -> bytes:
    """`value` (dicts, lists, tuples, scalars, `msgspec.Raw`) as indented JSON without a final
    line feed. `pad` is the indentation of the lines after the first; a Raw must hold indented
    JSON, which is moved in as it is."""
    out: list[bytes] = []
    _write(out, value, pad)
    return b"".join(out)


def _write(out: list[bytes], value: object, pad: bytes) -> None:
    if isinstance(value, dict) and value:
        _write_dict(out, value, pad)
    elif isinstance(value, list) and value:
        inner = pad + b"  "
        separator = b"[\n" + inner
        for item in value:
            out.append(separator)
            _write(out, item, inner)
            separator = b",\n" + inner
        out.append(b"\n" + pad + b"]")
    elif isinstance(value, tuple):
        out.append(b"[" + b", ".join([_encode(item) for item in value]) + b"]")
    elif isinstance(value, msgspec.Raw):
        out.append(bytes(value).replace(b"\n", b"\n" + pad))
    else:
        out.append(_encode(value))


def _write_dict(out: list[bytes], value: dict[str, object], pad: bytes) -> None:
    inner = pad + b"  "
    separator = b"{\n" + inner
    for name, item in value.items():
        out.append(separator + _encode(name) + b": ")
        _write(out, item, inner)
        separator = b",\n" + inner
    out.append(b"\n" + pad + b"}")
