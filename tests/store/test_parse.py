"""A snapshot's files, read strictly."""

from __future__ import annotations

import contextlib
import gc
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.errors import UsageError
from ci_gate.model.exchange import STARTUP, Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.decode import Decoder
from ci_gate.store.layout import Layout
from ci_gate.store.parse import Parsed, format_of, parse
from tests.store.strategies import snapshots

HERE = "snapshots/orders"
INBOUND = "inbound/a.json"
OUTBOUND = "outbound/pay/b.json"
REQUEST = {"method": "GET", "target": "/"}


def read(files: dict[str, bytes]) -> Parsed:
    """Parse without any body files."""
    return parse(HERE, files, Decoder())


def files(**changes: Any) -> dict[str, bytes]:
    """A small snapshot's files; a change replaces a file by a document, text or nothing."""
    documents: dict[str, Any] = {
        "snapshot.json": {"format": 1, "service": "orders"},
        INBOUND: {"route": "GET /", "exchanges": [{"id": "a-1", "request": REQUEST}]},
        "outbound/pay/dependency.json": {"name": "pay"},
        OUTBOUND: {
            "caused_by": "GET /",
            "exchanges": [{"id": "b-1", "route": "GET /p", "groups": ["a-1"], "request": REQUEST}],
        },
    }
    for name, change in changes.items():
        path = {"head": "snapshot.json", "inbound": INBOUND, "outbound": OUTBOUND}.get(
            name, "outbound/pay/dependency.json"
        )
        documents[path] = change
    return {
        path: form if isinstance(form, bytes) else json.dumps(form, indent=2).encode()
        for path, form in documents.items()
        if form is not None
    }


def inbound(*exchanges: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An inbound file."""
    return {"route": "GET /", "exchanges": list(exchanges)} | more


def test_the_small_one_is_right() -> None:
    """The snapshot that the following tests break is itself accepted."""
    parsed = read(files())
    assert parsed.snapshot == Snapshot(
        origin=Origin(service="orders"),
        dependencies=(Dependency(name="pay"),),
        inbound=(Exchange(id="a-1", route="GET /", request=HttpRequest("GET", b"/")),),
        outbound=(
            Exchange(
                id="b-1",
                dependency="pay",
                route="GET /p",
                groups=("a-1",),
                request=HttpRequest("GET", b"/"),
            ),
        ),
        folder=HERE,
    )
    assert parsed.places == {"a-1": INBOUND, "b-1": OUTBOUND}


ONE = {"id": "a-1", "request": REQUEST}
CALL = {"id": "b-1", "route": "GET /p", "request": REQUEST}
CASES: list[tuple[dict[str, Any], str]] = [
    ({"head": {"service": "x"}}, "snapshot.json: .*missing required field `format`"),
    (
        {"head": {"format": 1, "service": "x", "sevice": 1}},
        "snapshot.json: .*unknown field `sevice`",
    ),
    ({"head": b"{"}, "snapshot.json:1: the file is cut off"),
    ({"inbound": b""}, "inbound/a.json:1: the file is cut off; mend it, restore it"),
    (
        {"inbound": b'{\n "route": "x",\n "exchanges": [\n  {"id"'},
        "inbound/a.json:4: the file is cut",
    ),
    (
        {"inbound": b'{\n "route": "x"\n "exchanges": []}'},
        "inbound/a.json:3: JSON is malformed: exp",
    ),
    (
        {"inbound": b'{"route": "GET /",\n "exchanges": [],\n}'},
        "inbound/a.json:3: JSON is malformed",
    ),
    ({"inbound": b'{"route": "\n\xff"}'}, "inbound/a.json:2: not UTF-8"),
    ({"inbound": b'{"exchanges": ' + b"[" * 10_000}, "inbound/a.json"),
    ({"inbound": b"<<<<<<< HEAD\n{}"}, "inbound/a.json:1: JSON is malformed"),
    ({"inbound": b"[]"}, "inbound/a.json: Expected `object`, got `array`"),
    ({"inbound": inbound(ONE, extra=1)}, "inbound/a.json: Object contains unknown field `extra`"),
    (
        {"inbound": inbound(ONE, {"id": "a-2", "request": REQUEST, "respnse": {}})},
        "inbound/a.json: exchange a-2: .*unknown field `respnse` - at `\\$.exchanges\\[1\\]`",
    ),
    (
        {"inbound": inbound({"id": "a-1", "request": REQUEST | {"headers": [["a"]]}})},
        "inbound/a.json: exchange a-1: Expected `array` of length 2",
    ),
    ({"inbound": inbound({"request": REQUEST})}, "inbound/a.json: .*missing required field `id`"),
    (
        {"inbound": inbound({"id": 5, "request": REQUEST})},
        "inbound/a.json: Expected `str`, got `int`",
    ),
    ({"inbound": inbound(ONE, ONE)}, "inbound/a.json: exchange a-1 is also in inbound/a.json"),
    (
        {
            "outbound": {
                "caused_by": "GET /",
                "exchanges": [CALL | {"id": "a-1", "groups": ["a-1"]}],
            }
        },
        "outbound/pay/b.json: exchange a-1 is also in inbound/a.json",
    ),
    ({"inbound": inbound(ONE | {"groups": ["a-1"]})}, "exchange a-1: an inbound exchange has no"),
    ({"inbound": None}, "outbound/pay/b.json: exchange b-1: its group a-1 is no inbound exchange"),
    ({"outbound": {"caused_by": "GET /", "exchanges": [CALL]}}, 'exchange b-1: "groups" must name'),
    (
        {"outbound": {"caused_by": STARTUP, "exchanges": [CALL | {"dependency": "x"}]}},
        "exchange b-1: its folder says its dependency",
    ),
    ({"dependency": None}, "outbound/pay/b.json: there is no dependency.json beside it"),
    (
        {"dependency": {"name": "pay", "protocl": "http"}},
        "dependency.json: .*unknown field `protocl`",
    ),
    (
        {"inbound": inbound({"id": "a-1", "request": REQUEST | {"body": {}}})},
        "inbound/a.json: exchange a-1: a body needs exactly one of",
    ),
]


@pytest.mark.parametrize(("changes", "complaint"), CASES)
def test_what_is_wrong_is_named(changes: dict[str, Any], complaint: str) -> None:
    """Each thing that can be wrong gives one error that names file, place and what is wrong."""
    with pytest.raises(UsageError, match=complaint) as caught:
        read(files(**changes))
    assert str(caught.value).startswith(HERE + "/")
    assert "\n" not in str(caught.value)


def test_the_same_dependency_twice() -> None:
    """Two folders for one dependency are an error that names both."""
    both = files() | {"outbound/pay2/dependency.json": b'{"name": "pay"}'}
    with pytest.raises(UsageError, match=r"pay2.dependency.json: outbound/pay/dependency.json has"):
        read(both)


def test_bindings() -> None:
    """Values that travel are read back as they were written, and belong to the snapshot."""
    made = {"exchange": "a-1", "at": "response.body.$.id"}
    used = {"exchange": "a-1", "at": "request.path[1]", "before": "x-", "inside": ["jwt"]}
    fresh = {"name": "F1", "value": "w", "sent": [{"exchange": "b-1", "at": "request.body"}]}
    form = {
        "inbound": [{"name": "B1", "value": "v", "made": made, "used": [used]}],
        "outbound": [fresh],
    }
    whole = read(files() | {"bindings.json": json.dumps(form).encode()}).snapshot
    assert whole.bindings.inbound[0].used[0].inside == ("jwt",)
    again = dict(Layout(whole).files())["bindings.json"]
    assert read(files() | {"bindings.json": again}).snapshot.bindings == whole.bindings
    assert again.count(b"\n") < 25, "a place takes one line"
    assert "bindings.json" not in dict(Layout(read(files()).snapshot).files())


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({"outgoing": []}, "unknown field `outgoing`"),
        ({"inbound": [{"name": "B1"}]}, "missing required field"),
        (
            {
                "inbound": [
                    {"name": "B1", "value": "v", "made": {"exchange": "b-1", "at": "x"}, "used": []}
                ]
            },
            "B1 names exchange b-1, which is not there; remove the file and run `ci-gate learn`",
        ),
        (
            {"outbound": [{"name": "F1", "value": "v", "sent": [{"exchange": "gone", "at": "x"}]}]},
            "F1 names exchange gone",
        ),
    ],
)
def test_bindings_that_point_nowhere(form: dict[str, Any], complaint: str) -> None:
    """Bindings of exchanges that are not there are refused, with what to do."""
    with pytest.raises(UsageError, match=r"bindings\.json: .*" + re.escape(complaint)):
        read(files() | {"bindings.json": json.dumps(form).encode()})


def test_hand_edits_are_accepted() -> None:
    """Other white space, order of fields and line ends, a byte-order mark, a changed value: fine."""
    body = {"style": "spaced newline", "json": {"price": 1}}
    one = {"response": {"body": body, "status": 200}, "request": REQUEST, "id": "a-1"}
    text = (
        json.dumps(inbound(one), indent=7)
        .replace("\n", "\r\n")
        .replace('"price": 1', '"price":\t2.50')
    )
    parsed = read(files(inbound=b"\xef\xbb\xbf" + text.encode()))
    response = parsed.snapshot.inbound[0].response
    assert isinstance(response, HttpResponse)
    assert response.body == b'{"price": 2.50}\n'


def test_order_is_that_of_times() -> None:
    """Exchanges come back in recorded order, however they lie in files."""
    late, early = ONE | {"at": 9}, {"id": "a-0", "at": 2.5, "request": REQUEST}
    assert [e.id for e in read(files(inbound=inbound(late, early))).snapshot.inbound] == [
        "a-0",
        "a-1",
    ]


@given(snapshots())
def test_layout_and_back(snapshot: Snapshot) -> None:
    """Any snapshot comes back from its files as it was (bodies in files apart)."""
    plan = Layout(snapshot)
    written = dict(plan.files())
    decoder = Decoder(lambda stored: plan.bodies.get(stored.sha256, stored))
    parsed = parse("", written, decoder)
    assert parsed.snapshot == snapshot
    assert parsed.places == {
        one["id"]: path
        for path, data in written.items()
        for one in json.loads(data).get("exchanges", ())
    }
    assert format_of("", written["snapshot.json"]) == 1


@given(snapshots(), st.data())
def test_any_damage_is_an_error_or_accepted(snapshot: Snapshot, data: st.DataObject) -> None:
    """Whatever byte of whatever file is changed or lost: a snapshot or a clear error, no crash."""
    whole = dict(Layout(snapshot).files())
    path = data.draw(st.sampled_from(sorted(whole)))
    at = data.draw(st.integers(0, len(whole[path])))
    new = data.draw(st.binary(max_size=2))
    cut = data.draw(st.integers(0, 3))
    damaged = whole | {path: whole[path][:at] + new + whole[path][at + cut :]}
    with contextlib.suppress(UsageError):
        read(damaged)
    assert gc.isenabled()
