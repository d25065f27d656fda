"""GitHub's own OpenAPI description, cut down to the calls we make. usage: github-openapi.py FOLDER

Fetched with npm (@octokit/openapi, MIT), trimmed from 13 MB to what tests validate against, and
kept as FOLDER/github-openapi.json, outside of version control. Does nothing when it is there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = "@octokit/openapi@23.0.2"
SOURCE = "package/generated/api.github.com.json"
REPOSITORY = "/repos/{owner}/{repo}"
PATHS = (
    "/user",
    f"{REPOSITORY}/issues/{{issue_number}}/comments",
    f"{REPOSITORY}/issues/comments/{{comment_id}}",
    f"{REPOSITORY}/pulls",
    f"{REPOSITORY}/pulls/{{pull_number}}",
    f"{REPOSITORY}/git/commits/{{commit_sha}}",
    f"{REPOSITORY}/statuses/{{sha}}",
    f"{REPOSITORY}/check-runs",
    f"{REPOSITORY}/check-runs/{{check_run_id}}",
)


def trimmed(whole: dict[str, Any]) -> dict[str, Any]:
    """The paths we use and every component they lead to."""
    kept = {path: whole["paths"][path] for path in PATHS}
    components: dict[str, dict[str, Any]] = {}
    waiting: list[Any] = [kept]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            _, _, path = str(value.get("$ref", "")).partition("#/components/")
            group, _, name = path.partition("/")
            if name and name not in components.setdefault(group, {}):
                components[group][name] = whole["components"][group][name]
                waiting.append(components[group][name])
    return {"openapi": whole["openapi"], "paths": kept, "components": components}


def main(folder: Path) -> int:
    """Fetch, trim, keep; 1 when npm cannot do it."""
    target = folder / "github-openapi.json"
    if target.is_file():
        return 0
    npm = shutil.which("npm")
    if npm is None:
        print("github-openapi: no npm, so GitHub's requests are not validated", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run(
            [npm, "pack", "--silent", PACKAGE], cwd=temporary, capture_output=True, text=True
        )
        archives = list(Path(temporary).glob("*.tgz"))
        if done.returncode or not archives:
            print(f"github-openapi: npm could not fetch {PACKAGE}", file=sys.stderr)
            return 1
        with tarfile.open(archives[0]) as archive:
            member = archive.extractfile(SOURCE)
            assert member is not None
            whole = json.load(member)
    folder.mkdir(parents=True, exist_ok=True)
    made = target.with_suffix(".new")
    made.write_text(json.dumps(trimmed(whole), separators=(",", ":")), encoding="utf-8")
    made.replace(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
