"""Requests as a shell script, run by a real shell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec

from ci_gate.store.formats import curlwriter
from tests.store.formats.exchanges import exchange, outgoing, snapshot

CURL = """#!/bin/sh
for one in "$@"; do printf '%s\\037' "$one"; done >> "$SEEN"
case " $* " in *" @- "*) cat >> "$SEEN";; esac
printf '\\036' >> "$SEEN"
"""


def test_script(tmp_path: Path) -> None:
    """Whatever a request holds reaches curl as one word each; secrets of a shell stay text."""
    nasty = b"/a?b='$(touch hacked)';"
    last = exchange("aa09-1", nasty, method="PUT", at=30.0, sent=b"@x\n'$HOME`id`")
    headers = (*last.request.headers, (b"Accept-Encoding", b"gzip"))  # type: ignore[union-attr]  # HTTP
    asked = msgspec.structs.replace(last.request, headers=headers)
    whole = snapshot(msgspec.structs.replace(last, request=asked))
    ((name, data),) = curlwriter.write(outgoing(whole))
    assert name == ""
    (tmp_path / "curl").write_text(CURL)
    (tmp_path / "curl").chmod(0o755)
    (tmp_path / "run.sh").write_bytes(data)
    seen = tmp_path / "seen"
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SEEN": str(seen), "CI_GATE_TARGET": "http://t:1"}
    subprocess.run(["sh", str(tmp_path / "run.sh")], cwd=tmp_path, env=env, check=True, timeout=20)
    commands = [line.split(b"\x1f") for line in seen.read_bytes().split(b"\x1e")[:-1]]
    assert len(commands) == 4
    assert not (tmp_path / "hacked").exists()
    assert commands[0][-2] == b"http://t:1/orders/7?q=%20x&q=y"
    assert b"X-Two: a, b" in commands[0]
    assert commands[1][-1] == b"\x00\xff"
    assert commands[3][-2] == b"http://t:1" + nasty
    assert b"@x\n'$HOME`id`" in commands[3]
    assert b"--data-raw" in commands[3]
    assert b"Accept-Encoding: gzip" in commands[3]
