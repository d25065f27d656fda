"""How fast another tool's recording comes over, and with how much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.lines import Line
from bench.tools import CLIENT_CORE, GATE, pinned

_HEADERS = [{"name": name, "value": value} for name, value in (
    ("Accept", "*/*"), ("User-Agent", "bench/1.0"), ("Cookie", "theme=dark; lang=en"),
)]  # fmt: skip
_MEGABYTE = 1_000_000


def importing(work: Path, count: int = 10_000) -> Iterator[Line]:
    """A HAR file of small entries, from reading it to the snapshot on disk."""
    work.mkdir(parents=True, exist_ok=True)
    path = work / "shop.har"
    entries = [_entry(number) for number in range(count)]
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    command = [*GATE, "import", str(path), "--out", str(work / "snapshot"), "--quiet"]
    before = time.perf_counter()
    child = subprocess.Popen(
        pinned(CLIENT_CORE, command), cwd=work, env={**os.environ, "XDG_STATE_HOME": str(work)}
    )
    _, status, usage = os.wait4(child.pid, 0)
    taken = time.perf_counter() - before
    if status:
        sys.exit(f"bench: {' '.join(command)} ended with {status}")
    rate, size = count / taken, path.stat().st_size / _MEGABYTE
    yield Line(
        metric=f"import, HAR of {count} entries and {size:.0f} MB, on one core",
        ours=rate,
        unit="entries/s",
        target=">= 1,000",
        ok=rate >= 1000,
    )
    memory, most = usage.ru_maxrss * 1024 / _MEGABYTE, 2 * size + 100
    yield Line(
        metric="its memory",
        ours=memory,
        unit="MB",
        target=f"<= {most:.0f} (2 x input + 100)",
        ok=memory <= most,
    )


def _entry(number: int) -> dict[str, object]:
    text = json.dumps({"id": number, "name": f"item {number}", "price": number % 900 / 10})
    seconds = number // 1000
    return {
        "startedDateTime": f"2026-01-01T{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
        f":{seconds % 60:02d}.{number % 1000:03d}Z",
        "time": 1,
        "request": {
            "method": "GET", "url": f"http://shop.example/items/{number}", "headers": _HEADERS
        },
        "response": {
            "status": 200, "statusText": "OK",
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"mimeType": "application/json", "size": len(text), "text": text},
        },
    }  # fmt: skip
