"""The verb: replays, one boot each, and what it writes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.config.options import RunOptions
from ci_gate.errors import UsageError
from ci_gate.gate.events import Stage
from ci_gate.gate.learn import fresh, learn
from ci_gate.gate.run import run as gate
from ci_gate.gate.summary import LearnSummary
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.noise import Noise
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.net.loop import run
from ci_gate.service.options import Ready
from ci_gate.store.snapshot import read_snapshot

VARYING = Path(__file__).with_name("varying.py")
MADE = "6f1c2c1e-7a0b-4c58-9d0e-3f1a2b3c4d5e"
JSON = ((b"Content-Type", b"application/json"),)


def files(folder: str) -> dict[str, bytes]:
    """Everything below a folder."""
    return {str(path): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def learned(acting: Any, options: RunOptions, replays: int = 2) -> LearnSummary:
    """`learn` to its end; nothing may be left."""
    summary = run(learn(options, acting.events.append, replays))
    acting.check_nothing_left()
    return summary


def exchange(name: str, request: HttpRequest, answer: object, at: float, **more: Any) -> Exchange:
    """One exchange that is answered with JSON."""
    data = json.dumps(answer).encode()
    headers = (*JSON, (b"Content-Length", str(len(data)).encode()))
    response = HttpResponse(status=more.pop("status", 200), headers=headers, body=data)
    route = f"{request.method} {request.target.decode().replace(MADE, '{id}')}"
    return Exchange(
        id=name, route=route, at=at, took=1.0, request=request, response=response, **more
    )


def varied() -> Snapshot:
    """What `varying.py` does, as `record` would have kept it."""
    order = {"id": MADE, "number": 50_000, "trace": MADE[::-1], "at": "2026-08-31T10:00:00+00:00"}
    order["trace"] = "0b9d6a4f-2f63-4f0c-8e57-8d9c0a1b2c3d"
    paid = json.dumps({"order": MADE}).encode()
    key = "d3c1b2a0-9f8e-4d7c-a6b5-c4d3e2f1a0b9"
    charge = json.dumps({"order": MADE, "key": key}).encode()
    out = (*JSON, (b"Accept", b"application/json"))
    post = HttpRequest(method="POST", target=b"/orders", headers=JSON, body=b"{}")
    get = HttpRequest(method="GET", target=f"/orders/{MADE}".encode(), headers=())
    pay = HttpRequest(method="POST", target=b"/payments", headers=JSON, body=paid)
    call = HttpRequest(method="POST", target=b"/charges", headers=out, body=charge)
    luck = HttpRequest(method="GET", target=b"/luck", headers=())
    return Snapshot(
        origin=Origin(service="varying", service_port=8080, recorded_at="2026-08-31T10:00:00Z"),
        dependencies=(Dependency(name="ledger", address="http://ledger.example"),),
        inbound=(
            exchange("aa010000-1", post, order, 10.0, status=201),
            exchange("aa020000-1", get, order, 20.0),
            exchange("aa030000-1", pay, {"paid": MADE}, 30.0),
            exchange("aa040000-1", luck, {"luck": "none"}, 40.0),
        ),
        outbound=(
            exchange(
                "cc010000-1", call, {}, 31.0, dependency="ledger", groups=("aa030000-1",)
            ),
        ),
    )  # fmt: skip


@pytest.fixture
def varying(acting: Any) -> Any:
    """`varying("null")`: options for the varying service, whose snapshot is in place."""
    acting.write(varied())

    def options(how: str = "") -> RunOptions:
        env = {"HOW": how, "PORT": "${service.port}", "LEDGER_URL": "${ledger.url}"}
        service = msgspec.structs.replace(
            acting.service(),
            command=(sys.executable, "-S", str(VARYING)),
            env=env,
            ready=Ready(how="path", what="/luck", timeout=10.0),
        )
        made: RunOptions = acting.options(service=service)
        return made

    return options


def test_a_service_without_noise_teaches_nothing(acting: Any) -> None:
    """Two boots, nothing varies, and the snapshot is what it was, but for what waits for what."""
    before = read_snapshot(acting.snapshot)
    summary = learned(acting, acting.options())
    assert (summary.exit_code, summary.replays) == (0, 2)
    assert (summary.noise, summary.rebased, summary.unfaithful) == ((), (), ())
    after = read_snapshot(acting.snapshot)
    assert any(one.blocking for one in after.outbound)
    assert fresh(after) == before
    stages = [one.text for one in acting.events if isinstance(one, Stage) and one.name == "learn"]
    assert stages == ["replay 1 of 2", "replay 2 of 2"]


def test_what_varies_is_written_and_run_holds_to_it(acting: Any, varying: Any) -> None:
    """The snapshot gains noise and the order's id as a binding; unchanged it passes, changed not."""
    assert run(gate(varying(), acting.events.append)).verdict.outcome == "fail"
    summary = learned(acting, varying(), 3)
    assert summary.unfaithful == ()
    assert ("GET /orders/{id}", "response.body.$.number", "integer") in [
        (one.route, one.place, one.kind) for one in summary.noise
    ]
    kept = read_snapshot(acting.snapshot)
    assert [one.value for one in kept.bindings.inbound] == [MADE]
    assert summary.bindings == len(kept.bindings.inbound) + len(kept.bindings.outbound)
    for number in range(2):
        options = msgspec.structs.replace(varying(), out=str(acting.folder / f"pass-{number}"))
        assert run(gate(options, acting.events.append)).verdict.outcome == "pass"
    changed = msgspec.structs.replace(varying("null"), out=str(acting.folder / "fail"))
    assert run(gate(changed, acting.events.append)).verdict.outcome == "fail"


def test_what_nothing_explains_writes_nothing(acting: Any, varying: Any) -> None:
    """The place is named, the code is 1, and not a byte of the snapshot changes."""
    before = files(acting.snapshot)
    summary = learned(acting, varying("luck"))
    assert summary.exit_code == 1
    assert [(one.route, one.exchange) for one in summary.unfaithful] == [
        ("GET /luck", "aa040000-1")
    ]
    assert files(acting.snapshot) == before


def test_a_service_that_dies_ends_it(acting: Any) -> None:
    """After the first failed boot there is no second; its last words are told."""
    before = files(acting.snapshot)
    summary = learned(acting, acting.options("ends-badly"), 3)
    assert (summary.exit_code, summary.replays) == (1, 1)
    assert len(summary.unfaithful) == 1
    assert summary.unfaithful[0].why.startswith("replay 1: ")
    assert "acting: cannot work like this" in summary.last_lines[-1]
    assert files(acting.snapshot) == before


def test_all_is_learned_whatever_was_chosen(acting: Any) -> None:
    """`--only` is for judging: learning a part would forget the rest."""
    options = acting.options(only=("aa010000-1",))
    assert learned(acting, options).exit_code == 0
    assert len(read_snapshot(acting.snapshot).inbound) == 7


def test_one_replay_is_too_few(acting: Any) -> None:
    """One replay shows nothing varying."""
    with pytest.raises(UsageError, match="at least 2 replays, not 1"):
        run(learn(acting.options(), acting.events.append, 1))


def test_a_service_that_runs_already_cannot_be_learned(acting: Any) -> None:
    """Each replay is a boot, so we must start it."""
    service = msgspec.structs.replace(acting.service(), command=(), url="http://localhost:8080")
    with pytest.raises(UsageError, match="learn starts the service itself"):
        run(learn(acting.options(service=service), acting.events.append))


def test_nothing_to_replay(acting: Any) -> None:
    """Without an inbound exchange there is nothing to learn from."""
    acting.write(msgspec.structs.replace(varied(), inbound=(), outbound=()))
    with pytest.raises(UsageError, match="holds no inbound request"):
        run(learn(acting.options(), acting.events.append))


def test_learning_begins_anew() -> None:
    """What was learned before is dropped, and the bindings are those the snapshot shows."""
    noise = (Noise(at="response.body.$.id", kind="uuid", replays=3),)
    old = varied()
    old = msgspec.structs.replace(
        old, inbound=tuple(msgspec.structs.replace(one, noise=noise) for one in old.inbound)
    )
    bare = fresh(old)
    assert [one.noise for one in bare.inbound] == [(), (), (), ()]
    assert [one.value for one in bare.bindings.inbound] == [MADE]
