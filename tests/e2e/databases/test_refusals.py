"""What a mock cannot do is said to the client and in the summary, each with its own remedy."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ci_gate.codecs.postgres import handshake, remedies
from tests.e2e.conftest import Gate

CLIENT = Path(__file__).with_name("refused_client.py")
RESULT = [{"columns": [["n", "int4"]], "rows": [{"n": "seven"}], "tag": "SELECT 1"}]


def snapshot(folder: Path) -> None:
    """One by hand, so that a column can hold what is none of its type."""
    files: dict[str, object] = {"snapshot.json": {"format": 1, "service": "client"}}
    for name, protocol in DEPENDENCIES.items():
        told = {"name": name, "protocol": protocol}
        files[f"outbound/{name}/dependency.json"] = told
    files["outbound/db/startup.json"] = {
        "caused_by": "startup",
        "exchanges": [
            {"id": "a-1", "request": {"sql": "SELECT n FROM t"}, "response": {"results": RESULT}}
        ],
    }
    for path, form in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(form))


DEPENDENCIES = {"db": "postgres", "wants-tls": "postgres", "bound": "postgres", "cache": "redis"}


def test_each_has_its_message_and_its_remedy(gate: Gate) -> None:
    """By psycopg, redis-py and bytes: what the client reads is what the summary says."""
    snapshot(gate.folder / "snap")
    known = "".join(
        f'  {name}: {{protocol: {protocol}, upstream: "localhost:1"}}\n'
        for name, protocol in DEPENDENCIES.items()
    )
    env = "".join(
        f'    {name.upper().replace("-", "_")}: "${{{name}.address}}"\n' for name in DEPENDENCIES
    )
    (gate.folder / "ci-gate.yml").write_text(
        f"version: 1\nsnapshot: snap\nservice:\n  command: [{sys.executable}, {CLIENT}]\n"
        f"  env:\n{env}dependencies:\n{known}"
    )
    done = gate("mock", "--in", "snap", "--out-port", "0")
    assert done.code == 0, done.text
    read = dict(line.split(" | ", 1) for line in done.out.splitlines())
    assert "SSL was required" in read["tls"]
    assert "channel binding required" in read["bound"]
    assert read["after"] == "1"
    for name, remedy in {
        "unfit": "column n of a recorded result holds what is no int4 that we know",
        "early": remedies.NEVER_PREPARED,
        "message": remedies.unknown_message(b"y", "client"),
        "joined": handshake.JOINED,
        "version": handshake.unspoken(4 << 16),
        "servers": "CLUSTER names servers that the client goes to past ci-gate",
        "resp": "a client asks for RESP version 4",
    }.items():
        assert remedy in read[name], read
        assert remedy in done.err, done.err
    assert handshake.TLS_NOT_CONFIGURED in done.err
    assert remedies.LET_IN in done.err
