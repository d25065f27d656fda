"""Stand-ins that a type has no room for."""

from __future__ import annotations

import json

import pytest

from ci_gate.codecs.fitting import fitted, withheld
from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.form import result_form
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.types import NAMES, OIDS, to_binary
from ci_gate.codecs.registry import codec
from ci_gate.model.message import (
    HttpRequest,
    HttpResponse,
    Message,
    Part,
    PgResult,
    PgStatement,
    Raw,
    RedisCommand,
    RedisReply,
)
from ci_gate.recorder.clean import Cleaner
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns

PG = codec("postgres")
VALUES = {
    "bool": "t", "bytea": "\\x6869aabbcc", "int2": "1234", "int8": "5551234567", "float4": "1.25e+07",
    "float8": "5551234567", "date": "1980-01-02", "time": "10:20:30",
    "timestamp": "1980-01-02 00:00:00", "timestamptz": "1980-01-02 00:00:00+00",
    "interval": "1 year 2 mons", "numeric": "52.52",
    "uuid": "123e4567-e89b-12d3-a456-426614174000", "jsonb": '{"a":"x@corp.org"}',
    "text[]": "{bob@corp.com,x}", "int4[]": "{1,2}", "date[]": "{1980-01-02}", "text": "hunter2hunter2",
}  # fmt: skip
NAMED = ("password", "phone", "card_number", "date_of_birth", "latitude", "street", "ssn", "iban")


def result(name: str, kind: str, *, binary: bool) -> PgResult:
    """One row of one column."""
    oid, text = OIDS[kind], VALUES[kind]
    data = to_binary(oid, text) if binary else text.encode()
    column = Column(name, oid, binary=binary)
    return PgResult(
        frame(b"T", write_columns([column]))
        + frame(b"D", write_row([data]))
        + frame(b"C", b"SELECT 1\0")
    )


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("binary", [True, False])
def test_every_type_keeps_a_stand_in_or_null(name: str, kind: str, binary: bool) -> None:
    """Under a telling name a value of any type is left, stood in by one of its type, or NULL with
    its place told; the original is never beside its own redaction."""
    assert kind in NAMES.values()
    redactor = Redactor(StandIns(b"k" * 32))
    cleaner = Cleaner(redactor, Addresses({}), b"k" * 32)
    before = result(name, kind, binary=binary)
    after, places = cleaner.clean(PG, before, "response")
    if not places:
        assert after == before
        return
    assert isinstance(after.body, bytes)
    (value,) = json.loads(result_form(after.body))[0]["rows"][0].values()
    assert value != VALUES[kind]
    if value is None:
        place = f"response.results.$[*].rows[*].{name}"
        assert redactor.unfit == {f"{place}: its type holds no stand-in: kept as NULL": 1}
    else:
        assert not redactor.unfit
        assert to_binary(OIDS[kind], str(value)) is not None


def test_other_rows_keep_their_stand_ins() -> None:
    """Only what does not fit becomes NULL."""
    was = b'[{"columns":[["d","date"],["t","text"]],"rows":[{"d":"1980-01-02","t":"a"}]}]'
    now = b'[{"columns":[["d","date"],["t","text"]],"rows":[{"d":"x","t":"b"}]}]'
    part, unfit = fitted(PgResult(), Part("results", was, "json"), Part("results", now, "json"))
    assert isinstance(part.value, bytes)
    assert json.loads(part.value)[0]["rows"] == [{"d": None, "t": "b"}]
    assert unfit == ("results.$[0].rows[0].d",)


def test_bytes_that_are_no_base64_any_more() -> None:
    """A parameter of bytes whose stand-in cannot be read becomes NULL."""
    was, now = b'{"a b":{"$b64":"YWJj"}}', b'{"a b":{"$b64":"YWJjY"}}'
    said = PgStatement("select 1")
    part, unfit = fitted(said, Part("params", was, "json"), Part("params", now, "json"))
    assert part.value == b'{"a b":null}'
    assert unfit == ('params.$["a b"]',)


def test_what_has_no_types_stays() -> None:
    """HTTP's JSON holds any text."""
    before, after = Part("body", b'{"a":"b"}', "json"), Part("body", b'{"a":"c"}', "json")
    assert fitted(HttpResponse(200), before, after) == (after, ())


@pytest.mark.parametrize(
    "message",
    [
        PgStatement("select 'hunter2'", ("hunter2",), "execute", True, b"hunter2"),
        PgResult(b"hunter2"),
        RedisCommand(b"hunter2", 2),
        RedisReply(b"hunter2"),
        HttpRequest("GET", b"/hunter2", ((b"a", b"hunter2"),), b"hunter2"),
        HttpResponse(200, b"hunter2", ((b"a", b"hunter2"),), b"hunter2"),
        Raw(b"hunter2"),
    ],
)
def test_nothing_of_a_withheld_message_is_left(message: Message) -> None:
    """Of what could not be redacted only its kind is kept, and its codec can still read that."""
    kept = withheld(message)
    assert type(kept) is type(message)
    assert "hunter2" not in str(kept)
    if isinstance(message, PgStatement | PgResult):
        assert PG.places(kept)
    if isinstance(message, RedisCommand | RedisReply):
        assert any(part.media == "json" for part in codec("redis").places(kept))
