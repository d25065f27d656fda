"""Values of every listed type: PostgreSQL itself says what their text and their binary form are."""

from __future__ import annotations

import psycopg
import pytest

from ci_gate.codecs.postgres.types import OIDS, to_binary, to_text
from tests.e2e.databases.servers import Postgres, program

pytestmark = pytest.mark.long

SOME = 2000
"""Values of a type that the server makes up."""
GIVEN: dict[str, tuple[str, ...]] = {
    "bool": ("t", "f"),
    "int2": ("0", "-32768", "32767"),
    "int4": ("0", "-2147483648", "2147483647"),
    "int8": ("0", "-9223372036854775808", "9223372036854775807"),
    "float4": ("0", "-0", "NaN", "Infinity", "-Infinity", "1e-45", "3.4028235e+38", "16777216", "0.1"),
    "float8": ("0", "-0", "NaN", "-Infinity", "5e-324", "1.7976931348623157e+308", "0.1", "1e15"),
    "numeric": ("0", "0.000", "-0.00010", "1e100", "1e-100", "NaN", "Infinity", "-Infinity", "10000",
                "9999.9999", "100000000.00010000", "-12345678901234567890.12345678901234567890"),
    "text": ("", "é 🐎", "a\nb\\"),
    "varchar": ("", "x"),
    "bpchar": ("", "x  "),
    "name": ("pg",),
    "char": ("a",),
    "oid": ("0", "4294967295"),
    "bytea": ("", "\\x00", "\\x5c27ff"),
    "uuid": ("00000000-0000-0000-0000-000000000000",),
    "json": ('{"a":  [1, null]}', "1"),
    "jsonb": ('{"b": 1, "a": ["\\u00e9", 1.50]}', "null"),
    "date": ("2000-01-01", "1999-12-31", "infinity", "-infinity", "0001-01-01", "9999-12-31",
             "0044-03-15 BC", "10000-01-01", "5874897-12-31", "4713-01-01 BC"),
    "time": ("00:00", "24:00", "23:59:59.999999", "12:00:00.1"),
    "timetz": ("00:00+00", "23:59:59.999999-03:30", "12:00:00.1+15:59:59"),
    "timestamp": ("2000-01-01", "1999-12-31 23:59:59.999999", "infinity", "-infinity",
                  "0044-03-15 12:00:00.5 BC", "12345-06-07 08:09:10"),
    "timestamptz": ("2000-01-01 00:00+00", "1999-12-31 23:59:59.999999+00", "infinity", "-infinity",
                    "0044-03-15 12:00:00.5+00 BC", "12345-06-07 08:09:10+00"),
    "interval": ("0", "1 year", "-1 mon", "1 day -00:00:01", "-1 year 2 mons -3 days 04:05:06.7",
                 "1 mon -1 day", "1000:00:00", "-0.000001 s", "178000000 years", "1 year -1 mon"),
}  # fmt: skip
RANDOM = {
    "int4": "(random() * 4294967295 - 2147483648)::int8::int4",
    "int8": "((random() - 0.5) * 1e19)::int8",
    "float4": "((random() - 0.5) * 10 ^ (random() * 70 - 35))::float4",
    "float8": "(random() - 0.5) * 10 ^ (random() * 600 - 300)",
    "numeric": "round(((random() - 0.5) * 10 ^ (random() * 30 - 10))::numeric, (random() * 20)::int)",
    "bytea": "decode(md5(random()::text), 'hex')",
    "uuid": "gen_random_uuid()",
    "date": "date '0001-01-01' + (random() * 3000000)::int",
    "time": "time '00:00' + random() * interval '1 day'",
    "timestamp": "timestamp '0001-01-01' + random() * interval '1000000 days'",
    "timestamptz": "timestamptz '0001-01-01 00:00+00' + random() * interval '1000000 days'",
    "interval": "(random() - 0.5) * interval '100 days' + ((random() - 0.5) * 1000)::int * interval"
    " '1 mon' + ((random() - 0.5) * 5)::int * interval '7 days'",
}
ARRAYS = ("{}", "{NULL}")
SENDERS = {
    "bool": "boolsend", "numeric": "numeric_send", "bytea": "byteasend", "uuid": "uuid_send",
    "json": "json_send", "jsonb": "jsonb_send", "date": "date_send", "time": "time_send",
    "timetz": "timetz_send", "timestamp": "timestamp_send", "timestamptz": "timestamptz_send",
    "interval": "interval_send", "varchar": "varcharsend", "bpchar": "bpcharsend",
}  # fmt: skip


@pytest.fixture
def values(postgres: Postgres) -> list[tuple[str, str, bytes]]:
    """(type, text, binary form) of all these values and of arrays of them, as the server says."""
    found: list[tuple[str, str, bytes]] = []
    where = f"host=127.0.0.1 port={postgres.port} user=postgres dbname=postgres"
    with psycopg.connect(where) as connection:
        for kind, given in GIVEN.items():
            sender, quoted = SENDERS.get(kind, f"{kind}send"), '"char"' if kind == "char" else kind
            made = f"union all select {RANDOM.get(kind, 'null')} from generate_series(1, {SOME})"
            source = f"select unnest(%s::text[])::{quoted} v {made if kind in RANDOM else ''}"
            sql = f"select format('%%s', v), {sender}(v) from ({source}) s"
            listed = list(given)
            found += [(kind, *row) for row in connection.execute(sql, (listed,))]  # type: ignore[misc, arg-type]
            sql = (
                f"select format('%%s', v), array_send(v) from (select array[v, null, v] v from ({source}) s"
                f" union all select unnest(array['{{}}', '{{NULL}}'])::{quoted}[]"
                f" union all select array[array[v, v], array[null, v]] from ({source}) s) s"
            )
            rows = connection.execute(sql, (listed, listed))  # type: ignore[arg-type]
            found += [(f"{kind}[]", *row) for row in rows]  # type: ignore[misc]
    return found


def test_values(values: list[tuple[str, str, bytes]]) -> None:
    """Each in both directions is what the server says."""
    wrong: dict[str, list[tuple[str, str | None]]] = {}
    for kind, text, data in values:
        if to_text(OIDS[kind], data) != text or to_binary(OIDS[kind], text) != data:
            wrong.setdefault(kind, []).append((text, to_text(OIDS[kind], data)))
    assert {kind: found[:5] for kind, found in wrong.items()} == {}
    assert len(values) > 50_000


@pytest.fixture(autouse=True)
def installed() -> None:
    """Skipped where the server is not."""
    program("initdb")
