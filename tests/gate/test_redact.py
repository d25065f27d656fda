"""A snapshot is searched, cleaned, and held to be clean."""

from __future__ import annotations

import json
from pathlib import Path

import bcrypt
import msgspec
import pytest

from ci_gate.codecs.base import Pushed
from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.types import to_binary
from ci_gate.codecs.pushing import as_message, published_by
from ci_gate.errors import UsageError
from ci_gate.gate.redact import RedactOptions, broken, held_clean, redact, unclean
from ci_gate.model.binding import Binding, Bindings, Fresh, Spot
from ci_gate.model.difference import Cause
from ci_gate.model.exchange import Exchange, Push
from ci_gate.model.message import HttpRequest, HttpResponse, PgResult, PgStatement, Stored
from ci_gate.model.result import Environment, Result, Verdict
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.bodies import read_body, write_body
from ci_gate.store.snapshot import read_snapshot, write_snapshot
from ci_gate.values.redaction.rules import Entry, RedactionRules

JSON = ((b"Content-Type", b"application/json"),)
EMAIL = "jane@mail.example"
KEY = "ab" * 32
LARGE = b"x" * (2 << 20)


def exchange(name: str, at: float, body: bytes, **more: object) -> Exchange:
    """One exchange with a body in its answer."""
    return Exchange(
        id=name, route=f"GET /{name[0]}", at=at, took=0.1,
        request=HttpRequest("GET", f"/{name[0]}".encode()),
        response=HttpResponse(200, headers=JSON, body=body), **more,  # type: ignore[arg-type]  # fields of it
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A token is told by its name in a later exchange, and stands in an earlier one; a large body
    holds an address; a value travels."""
    path = str(tmp_path / "snapshots" / "s")
    token = b"a1B2c3D4e5F6g7H8i9"
    stored = write_body(path, LARGE + b" mail " + EMAIL.encode() + b" " + LARGE)
    inbound = (
        exchange("aaaa000001-1", 1.0, b'{"seen": "' + token + b'"}'),
        exchange("bbbb000001-1", 2.0, b'{"api_key": "' + token + b'", "x": "%s"}' % EMAIL.encode()),
        exchange("cccc000001-1", 3.0, b'{"ok": true}'),
        exchange("dddd000001-1", 4.0, b""),
    )
    response = inbound[3].response
    assert isinstance(response, HttpResponse)
    large = msgspec.structs.replace(
        response, headers=((b"Content-Type", b"text/plain"),), body=stored
    )
    inbound = (*inbound[:3], msgspec.structs.replace(inbound[3], response=large))
    outbound = (
        exchange(
            "eeee000001-1", 3.01, b'{"phone": "030 901820"}', dependency="d",
            groups=("cccc000001-1",),
        ),
    )  # fmt: skip
    spot = Spot(exchange="bbbb000001-1", at="response.body.$.x")
    binding = Binding(name="B1", value=EMAIL, made=spot, used=(spot,))
    dependencies = (Dependency(name="d", address="http://d.example"),)
    write_snapshot(
        path,
        Snapshot(
            origin=Origin(service="s"), dependencies=dependencies, inbound=inbound,
            outbound=outbound, bindings=Bindings(inbound=(binding,)),
        ),
    )  # fmt: skip
    return path


def contents(folder: str) -> dict[str, bytes]:
    """Every file."""
    return {str(one): one.read_bytes() for one in Path(folder).rglob("*") if one.is_file()}


def test_what_others_published(tmp_path: Path) -> None:
    """It is found and cleaned in the exchange that it followed."""
    path = str(tmp_path / "s")
    message = as_message("redis", Pushed(b"jobs", f'{{"for": "{EMAIL}"}}'.encode()))
    one = exchange("aaaa000001-1", 1.0, b"{}", pushed=(Push("cache", 5.0, message),))
    cache = Dependency(name="cache", protocol="redis")
    made = Snapshot(origin=Origin(service="s"), dependencies=(cache,), inbound=(one,))
    write_snapshot(path, made)
    (leak,) = redact(RedactOptions(paths=(path,), check=True)).leaks
    assert (leak.exchange, leak.kind) == (one.id, "email")
    assert redact(RedactOptions(paths=(path,), redaction_key=KEY)).written
    (push,) = read_snapshot(path).inbound[0].pushed
    assert EMAIL not in str(push.message)
    assert published_by(push.message)[0].topic == b"jobs"


def test_check_finds_and_writes_nothing(folder: str) -> None:
    """Place, kind and rule of each value; the value is nowhere in what is said."""
    before = contents(folder)
    found = redact(RedactOptions(paths=(folder,), check=True))
    assert contents(folder) == before
    assert not found.written
    said = {(one.exchange[0], one.place, one.kind, one.rule) for one in found.leaks}
    assert said == {
        ("a", "response.body.$.seen", "secret", "remembered"),
        ("b", "response.body.$.api_key", "secret", "name"),
        ("b", "response.body.$.x", "email", "form"),
        ("d", "response.body", "email", "form"),
        ("e", "response.body.$.phone", "phone", "name"),
    }
    assert found.counts()["kind"] == {"secret": 2, "email": 2, "phone": 1}
    assert EMAIL not in str(found)


def test_written_in_place(folder: str) -> None:
    """Nothing of it is left in any file, ids stay, and what travelled has its stand-in; a second
    time there is nothing to do."""
    ids = [one.id for one in read_snapshot(folder).inbound]
    assert redact(RedactOptions(paths=(folder,), redaction_key=KEY)).written
    after = read_snapshot(folder)
    assert [one.id for one in after.inbound] == ids
    text = b"".join(contents(folder).values())
    for secret in (EMAIL.encode(), b"a1B2c3D4e5F6g7H8i9", b"030 901820"):
        assert secret not in text
    response = after.inbound[1].response
    assert isinstance(response, HttpResponse)
    assert isinstance(response.body, bytes)
    assert after.bindings.inbound[0].value.encode() in response.body
    assert "response.body.$.x" in after.inbound[1].redacted
    large = after.inbound[3].response
    assert isinstance(large, HttpResponse)
    assert isinstance(large.body, Stored)
    assert b"@redacted.example" in read_body(folder, large.body)
    before = contents(folder)
    assert redact(RedactOptions(paths=(folder,), redaction_key="cd" * 32)).leaks == ()
    assert contents(folder) == before


def test_a_stored_hash_still_fits_its_password(tmp_path: Path) -> None:
    """In what a call answered, in the login that caused it, and in the value that travels."""
    path = str(tmp_path / "snapshots" / "s")
    stored = bcrypt.hashpw(b"hunter22", bcrypt.gensalt(4)).decode()
    row = b'{"hash": "%s"}' % stored.encode()
    inbound = exchange("aaaa000001-1", 1.0, b'{"password": "hunter22"}')
    outbound = exchange("eeee000001-1", 1.01, row, dependency="d", groups=("aaaa000001-1",))
    spot = Spot(exchange="eeee000001-1", at="response.body.$.hash")
    binding = Fresh(name="F1", value=stored, sent=(spot,))
    write_snapshot(
        path,
        Snapshot(
            origin=Origin(service="s"), inbound=(inbound,), outbound=(outbound,),
            dependencies=(Dependency(name="d", address="http://d.example"),),
            bindings=Bindings(outbound=(binding,)),
        ),
    )  # fmt: skip
    assert redact(RedactOptions(paths=(path,), check=True)).counts()["kind"] == {
        "secret": 1,
        "password-hash": 1,
    }
    assert len(redact(RedactOptions(paths=(path,), redaction_key=KEY)).leaks) == 2
    after = read_snapshot(path)
    password, made = (
        next(iter(json.loads(one.response.body).values()))  # type: ignore[union-attr, arg-type]  # JSON
        for one in (*after.inbound, *after.outbound)
    )
    assert after.bindings.outbound[0].value == made
    assert bcrypt.checkpw(password.encode(), made.encode())
    assert redact(RedactOptions(paths=(path,), redaction_key="cd" * 32)).leaks == ()


def test_paths(folder: str, tmp_path: Path) -> None:
    """A folder of snapshots and a file of one mean the snapshot, once; others are refused."""
    one = next(Path(folder, "inbound").rglob("*.json"))
    top = str(Path(folder).parent)
    found = redact(RedactOptions(paths=(top, str(one), folder), check=True))
    assert found.snapshots == (folder,)
    with pytest.raises(UsageError, match="no snapshot here"):
        redact(RedactOptions(paths=(str(tmp_path),), check=True))
    with pytest.raises(UsageError, match="no file of one"):
        redact(RedactOptions(paths=(str(tmp_path / "x.json"),), check=True))


def test_a_run_fails_for_it(folder: str) -> None:
    """The reason says how many of what and the remedy; rules can allow, and switch it off."""
    result = Result(
        mode="run", service="s", verdict=Verdict(outcome="pass"),
        environment=Environment(version="1", started_at="2026-01-01T00:00:00Z"),
    )  # fmt: skip
    failed = held_clean(result, folder, RedactionRules())
    assert failed.verdict.outcome == "fail"
    assert "2 secret" in failed.verdict.reasons[0]
    assert f"ci-gate redact {folder} --check" in failed.verdict.reasons[0]
    assert held_clean(result, folder, RedactionRules(check=False)) is result
    kinds = ("secret", "email", "phone")
    allowed = RedactionRules(allow=tuple(Entry(kind=kind) for kind in kinds))
    assert unclean(folder, allowed) == ""


def test_what_redaction_broke(folder: str) -> None:
    """Red exchanges are named with what was replaced in them and in their calls, and what told."""
    found = redact(RedactOptions(paths=(folder,), check=True))
    cause = Cause(
        id="C1", title="t", change="value", routes=("GET /c",),
        exchanges=("cccc000001-1", "ffff000001-1"),
    )  # fmt: skip
    result = Result(
        mode="run", service="s", verdict=Verdict(outcome="fail"), causes=(cause,),
        environment=Environment(version="1", started_at="2026-01-01T00:00:00Z"),
    )  # fmt: skip
    told = ["phone at response.body.$.phone, by name"]
    assert broken(result, found) == {"cccc000001-1": told}


def test_a_column_without_room_for_a_stand_in(tmp_path: Path) -> None:
    """A day under `password` becomes NULL, is told by its place, and is clean from then on."""
    path = str(tmp_path / "s")
    day = to_binary(1082, "1980-01-02")
    answer = PgResult(
        frame(b"T", write_columns([Column("password", 1082, binary=True)]))
        + frame(b"D", write_row([day]))
        + frame(b"C", b"SELECT 1\0")
    )
    call = Exchange(
        id="oooo000001-1", dependency="db", groups=("startup",), route="SELECT t", at=1.0,
        request=PgStatement("select password from t", (), "execute"), response=answer,
    )  # fmt: skip
    db = Dependency(name="db", protocol="postgres", address="localhost:5432")
    write_snapshot(path, Snapshot(origin=Origin(service="s"), dependencies=(db,), outbound=(call,)))
    assert len(redact(RedactOptions(paths=(path,), check=True)).leaks) == 1
    found = redact(RedactOptions(paths=(path,), redaction_key=KEY))
    assert found.unfit == (
        "response.results.$[*].rows[*].password: its type holds no stand-in: kept as NULL",
    )
    assert not redact(RedactOptions(paths=(path,), check=True)).leaks
    (kept,) = read_snapshot(path).outbound
    assert isinstance(kept.response, PgResult)
    assert isinstance(kept.response.body, bytes)
    assert day not in kept.response.body
