"""`ci-gate fmt`: what it prints and its exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ci_gate.store.snapshot import write_snapshot
from tests.store.formats.exchanges import snapshot


def test_fmt(tmp_path: Path, call: Callable[..., Any]) -> None:
    """Checked, written, and nothing to do; merging says where there is a conflict."""
    folder = str(tmp_path / "s")
    write_snapshot(folder, snapshot())
    path = tmp_path / "s" / "snapshot.json"
    path.write_bytes(msgspec.json.format(path.read_bytes(), indent=7))
    called = call("fmt", folder, "--check")
    assert (called.code, called.err) == (1, f"would change: {folder}/snapshot.json\n")
    assert call("fmt", folder).code == 0
    assert call("fmt", folder, "--check").code == 0
    for name, text in (("a", '{"x": 1}'), ("b", '{"x": 2}'), ("c", '{"x": 3}')):
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / name) for name in "abc"]
    called = call("fmt", "--merge", *files, "s/x.json")
    assert (called.code, called.err) == (
        1,
        "ci-gate: s/x.json: both sides changed x; it has ours\n",
    )
    assert call("fmt", "--merge", "a").code == 2
