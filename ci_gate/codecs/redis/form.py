"""RESP as JSON, both ways: how a snapshot shows commands and replies, and how places name them.

    bulk string       "text", or {"$b64": "…"} when it is not UTF-8
    integer, array    12, […]
    nulls             null; {"$null": "array"} and {"$null": "resp3"} for the other two
    boolean           true, false
    map               {"name": value}, or {"$map": [[name, value]]} when names are not distinct texts
    any other type    {"$simple": "OK"}, {"$error": "…"}, {"$double": "1.5"}, {"$set": […]}…

A command is the array of its name and arguments; names and values of HSET and its like are an
object, so that a place says the field: `request.command.$[2].email`. A transaction is an array of
commands.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from ci_gate.codecs.redis.commands import PAIRS
from ci_gate.codecs.redis.resp import Malformed, Reader, Typed, arguments, command, dump, parse

_NAMES = {
    "+": "$simple", "-": "$error", "!": "$bloberror", "=": "$verbatim", ",": "$double",
    "(": "$big", "~": "$set", ">": "$push",
}  # fmt: skip
_KINDS = {name: kind for kind, name in _NAMES.items()}


def reply_form(body: bytes, *, paired: bool = False) -> bytes:
    """A reply (RESP) as JSON; `paired`: its array is names and values in turn.

    Raises Malformed for what is not one RESP value.
    """
    value = parse(body)
    if paired and isinstance(value, list) and len(value) % 2 == 0:
        value = Typed("%", value)
    return _written(_form(value))


def reply_body(form: bytes, *, paired: bool = False) -> bytes:
    """The inverse of `reply_form`. Raises ValueError for JSON that is no such form."""
    value = _value(json.loads(form))
    if paired and isinstance(value, Typed) and value.kind == "%":
        value = value.value
    return dump(value)


def command_form(body: bytes) -> bytes:
    """Commands (RESP arrays) as JSON. Raises Malformed."""
    commands = [_command_form(arguments(one)) for one in Reader(inline=False).feed(body)]
    return _written(commands[0] if len(commands) == 1 else commands)


def command_body(form: bytes) -> bytes:
    """The inverse of `command_form`. Raises ValueError for JSON that is no command."""
    loaded = json.loads(form)
    if not isinstance(loaded, list) or not loaded:
        raise ValueError("a command is an array of its name and arguments")
    commands = loaded if isinstance(loaded[0], list) else [loaded]
    return b"".join(command(tuple(_arguments(one))) for one in commands)


def _command_form(args: Sequence[bytes]) -> list[object]:
    form: list[object] = [_text(one) for one in args]
    first = PAIRS.get(args[0]) if args else None
    if first is None or (len(args) - first) % 2 or len(args) == first:
        return form
    pairs = _object(list(args[first:]))
    return form if pairs is None else [*form[:first], pairs]


def _arguments(form: object) -> list[bytes]:
    if not isinstance(form, list):
        raise ValueError("a command is an array of its name and arguments")
    args: list[bytes] = []
    for one in form:
        if isinstance(one, dict) and "$b64" not in one:
            for name, value in one.items():
                args += (name.encode(), _bytes(value))
        else:
            args.append(_bytes(one))
    return args


def _form(value: object) -> object:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, list):
        return [_form(one) for one in value]
    assert isinstance(value, Typed)
    kind, inner = value.kind, value.value
    if isinstance(inner, bool):
        return inner
    if inner is None:
        return {"$null": "array" if kind == "*" else "resp3"}
    if kind in _NAMES:
        return {_NAMES[kind]: _form(inner)}
    assert isinstance(inner, list)
    if kind == "|":
        return {"$attribute": _form(inner[0]), "value": _form(inner[1])}
    pairs = _object(inner)
    if pairs is not None:
        return pairs
    return {"$map": [[_form(inner[i]), _form(inner[i + 1])] for i in range(0, len(inner), 2)]}


def _object(items: Sequence[object]) -> dict[str, object] | None:
    """Names and values in turn as an object; None when the names are not distinct texts."""
    found: dict[str, object] = {}
    for index in range(0, len(items) - 1, 2):
        name = items[index]
        text = _text(name) if isinstance(name, bytes) else None
        if not isinstance(text, str) or text.startswith("$") or text in found:
            return None
        found[text] = _form(items[index + 1])
    return found if len(items) % 2 == 0 else None


def _value(form: object) -> object:
    if isinstance(form, bool):
        return Typed("#", form)
    if form is None or isinstance(form, int):
        return form
    if isinstance(form, str):
        return form.encode("utf-8", "surrogatepass")
    if isinstance(form, list):
        return [_value(one) for one in form]
    if not isinstance(form, dict):
        raise ValueError(f"{form!r} stands for no RESP value")
    tag = next((name for name in form if name.startswith("$")), "")
    if not tag:
        return Typed("%", [_value(one) for pair in form.items() for one in pair])
    return _tagged(tag, form)


def _tagged(tag: str, form: dict[str, object]) -> object:
    inner = form[tag]
    if tag == "$b64":
        return _bytes(form)
    if tag == "$null":
        return Typed("*" if inner == "array" else "_")
    if tag == "$attribute":
        return Typed("|", [_value(inner), _value(form.get("value"))])
    if tag == "$map" and isinstance(inner, list):
        return Typed("%", [_value(one) for pair in inner for one in pair])
    kind = _KINDS.get(tag)
    value = _value(inner)
    if kind is None or not isinstance(value, list if kind in "~>" else bytes):
        raise ValueError(f"{tag} stands for no RESP value")
    return Typed(kind, value)


def _text(data: bytes) -> object:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"$b64": base64.b64encode(data).decode()}


def _bytes(form: object) -> bytes:
    if isinstance(form, str):
        return form.encode("utf-8", "surrogatepass")
    if isinstance(form, dict) and isinstance(form.get("$b64"), str):
        try:
            return base64.b64decode(form["$b64"], validate=True)
        except binascii.Error as error:
            raise ValueError(f"broken base64 ({error})") from error
    if isinstance(form, int | float) and not isinstance(form, bool):
        return str(form).encode()
    raise ValueError(f"{form!r} stands for no string")


def _written(form: object) -> bytes:
    return json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()


__all__ = ["Malformed", "command_body", "command_form", "reply_body", "reply_form"]
