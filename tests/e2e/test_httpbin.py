"""examples/httpbin: a published service nobody here wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any


def test_unchanged_passes_twice(httpbin: Any, tmp_path: Path) -> None:
    """Two runs over all its endpoints and what their parameters do: two passes, without a rule.
    `scripts/hundred` runs it a hundred times."""
    for number in range(2):
        out = tmp_path / str(number)
        done = httpbin("run", "--quiet", "--out", str(out))
        assert done.code == 0, done.text
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
        assert result["runs"][0]["counts"]["total"] == 261
        assert not result.get("rules")


def test_what_was_learned_of_random_bytes_is_needed(httpbin: Any, tmp_path: Path) -> None:
    """Without what was learned of 16 random bytes the gate fails for exactly that."""
    config = (httpbin.folder / "ci-gate.yml").read_text(encoding="utf-8")
    text = config.replace("../../.venv", str(httpbin.folder.parent.parent / ".venv"))
    (tmp_path / "ci-gate.yml").write_text(text, encoding="utf-8")
    folder = tmp_path / "snapshots" / "httpbin"
    shutil.copytree(httpbin.folder / "snapshots" / "httpbin", folder)
    (path,) = folder.glob("inbound/get-bytes-id-*.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    (unseeded,) = (one for one in data["exchanges"] if one["request"]["target"] == "/bytes/16")
    (noise,) = unseeded.pop("noise")
    assert (noise["at"], noise["kind"], noise["length"]) == ("response.body", "bytes", [16, 16])
    path.write_text(json.dumps(data), encoding="utf-8")
    httpbin.folder = tmp_path
    done = httpbin("run", "--quiet", "--out", "run")
    assert done.code == 1, done.text
    causes = httpbin.result()["causes"]
    assert [cause["place"] for cause in causes] == ["response.body"]
