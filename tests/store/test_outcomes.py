"""What was said again and again, kept once."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ci_gate.codecs.postgres.form import result_body
from ci_gate.errors import UsageError
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, PgResult, PgStatement, RedisCommand, RedisReply
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.layout import Layout
from ci_gate.store.outcomes import lined
from ci_gate.store.snapshot import read_snapshot, write_snapshot
from ci_gate.store.threeway import merge

ROWS = ",".join(f'{{"id":{number},"name":"Ada"}}' for number in range(5))
OUTCOME = f'[{{"columns":[["id","int4"],["name","text"]],"rows":[{ROWS}],"tag":"SELECT 5"}}]'
PEOPLE = PgResult(result_body(OUTCOME.encode()))
SHORT = PgResult(result_body(b'[{"tag":"INSERT 0 1"}]'))
LIST = RedisReply(b"*12\r\n" + b"$9\r\nsome name\r\n" * 12)


def snapshot(*responses: Message) -> Snapshot:
    """Calls that were answered so."""
    calls = tuple(
        Exchange(
            id=f"a-{number}",
            dependency="cache" if isinstance(response, RedisReply) else "db",
            route="SELECT people",
            groups=("startup",),
            at=float(number),
            request=RedisCommand(b"*1\r\n$4\r\nKEYS\r\n")
            if isinstance(response, RedisReply)
            else PgStatement("select id, name from people", (str(number),), "execute"),
            response=response,
        )
        for number, response in enumerate(responses)
    )
    databases = (
        Dependency(name="cache", protocol="redis"),
        Dependency(name="db", protocol="postgres"),
    )
    return Snapshot(origin=Origin(service="shop"), dependencies=databases, outbound=calls)


def test_it_stands_in_the_dependency_once(tmp_path: Path) -> None:
    """However often it was said, to whomever; what comes back is what was written."""
    said = snapshot(PEOPLE, PEOPLE, SHORT, SHORT, LIST, LIST, PgResult(PEOPLE.body, "bind"))
    folder = str(tmp_path / "snap")
    write_snapshot(folder, said)
    read = read_snapshot(folder)
    assert read.outbound == said.outbound
    everything = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert everything.count("SELECT 5") == 2, "kept once, and once where nobody says the same"
    assert everything.count("INSERT 0 1") == 2, "what is short is read where it was said"
    assert everything.count('"outcome"') == 4
    write_snapshot(folder, msgspec.structs.replace(read, outbound=read.outbound[:1]))
    assert '"outcome"' not in "".join(path.read_text() for path in tmp_path.rglob("*.json"))


def test_an_edit_of_one_is_none_of_the_others(tmp_path: Path) -> None:
    """An exchange that is answered otherwise has its own outcome; those beside it keep theirs."""
    folder = str(tmp_path / "snap")
    write_snapshot(folder, snapshot(PEOPLE, PEOPLE, PEOPLE))
    read = read_snapshot(folder)
    other = msgspec.structs.replace(read.outbound[1], response=SHORT)
    changed = (read.outbound[0], other, read.outbound[2])
    write_snapshot(folder, msgspec.structs.replace(read, outbound=changed))
    assert [one.response for one in read_snapshot(folder).outbound] == [PEOPLE, SHORT, PEOPLE]


def test_a_name_that_is_none(tmp_path: Path) -> None:
    """The error says which exchange, where it should be, and what to do."""
    folder = tmp_path / "snap"
    write_snapshot(str(folder), snapshot(PEOPLE, PEOPLE))
    path = folder / "outbound" / "db" / "dependency.json"
    form = json.loads(path.read_text())
    del form["outcomes"]
    path.write_text(json.dumps(form))
    with pytest.raises(
        UsageError, match=r"a-0: its outcome \w+ is not in dependency.json.*mend it"
    ):
        read_snapshot(str(folder))


def test_branches_that_meet() -> None:
    """What one side no longer needs an exchange of the other side may: it stays."""
    (base,) = [
        data
        for path, data in Layout(snapshot(PEOPLE, PEOPLE)).files()
        if path == "outbound/db/dependency.json"
    ]
    without = json.dumps({"name": "db", "protocol": "postgres", "outcomes": {}}).encode()
    moved = base.replace(b'"protocol": "postgres"', b'"protocol": "postgres", "role": "store"')
    for ours, theirs in ((without, moved), (moved, without)):
        merged = merge(base, ours, theirs)
        assert not merged.conflicts
        assert json.loads(merged.data)["role"] == "store"
        assert json.loads(merged.data)["outcomes"] == json.loads(base)["outcomes"]


def test_a_row_a_line() -> None:
    """So that a diff tells which one changed; short ones stay as they are."""
    shown = bytes(lined(msgspec.Raw(OUTCOME.encode())))
    assert json.loads(shown) == json.loads(OUTCOME)
    assert b'\n      {"id":3,"name":"Ada"},\n' in shown
    assert bytes(lined(msgspec.Raw(b'[{"tag":"INSERT 0 1"}]'))) == b'[\n  {"tag":"INSERT 0 1"}\n]'
    assert bytes(lined(msgspec.Raw(b'"OK"'))) == b'"OK"'
    assert bytes(lined(msgspec.Raw(b"[]"))) == b"[]"
